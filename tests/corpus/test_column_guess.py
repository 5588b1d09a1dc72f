"""Which column is the text and which the label, for the headers of public data sets; all values are made up."""

import pytest

from textcnn.corpus import Columns, Reading, open_corpus
from textcnn.errors import ColumnError

ROWS = 24
# What stands below a name: a word of these, in a circle, or what a function makes of the number of the row.
KINDS = {
    "text": lambda at: f"the {at}th parcel came {'late' if at % 2 else 'early'} and I wrote about it at length",
    "short": lambda at: f"parcel {at} was late",
    "long": lambda at: f"in the {at}th week " + "the parcel still lay at the depot and nobody knew why " * 4,
    "gaps": lambda at: f"parcel {at} was late" if at % 3 else "",
    "sparse": lambda at: f"a note on {at} by hand" if at % 5 == 0 else "",
    "id": str,
    "code": lambda at: f"{at * 7919:08x}",
    "who": lambda at: f"Anna Muster {at}" if at % 4 else "Paul Muster",
    "nick": lambda at: f"user_{at % 7}",
    "day": lambda at: f"2021-03-{at % 9 + 1:02} 10:00",
    "link": lambda at: f"https://example.org/{at}",
    "two": "01",
    "flag": "0010",
    "flag2": "0100",
    "gap": ["", "1", "", ""],
    "five": "51423",
    "count": ["0", "1", "0", "3", "0", "7", "12"],
    "mood": ["good", "bad", "neutral", "bad"],
    "side": ["for", "against", "for", "for", "against"],
    "theme": ["sport", "money", "science", "art"],
    "many": lambda at: f"kind {at % 12}",
    "place": ["Berlin", "New York", "", "Paris", "on the road"],
    "tongue": ["en", "de", "en"],
    "several": ["joy|love", "anger", "joy", "", "love|anger|joy"],
    "constant": ["yes"],
    "none": [""],
    "ratio": lambda at: f"0.{at * 37 % 1000:03}",
}  # fmt: skip


def table(columns: str) -> str:
    """A CSV of columns that are written as `name:kind`, as `kind` where the name is empty."""
    names, kinds = zip(*(column.split(":") for column in columns.split(",")), strict=True)
    lines = [",".join(names)]
    for at in range(ROWS):
        values = [KINDS[kind](at) if callable(KINDS[kind]) else KINDS[kind][at % len(KINDS[kind])] for kind in kinds]
        lines.append(",".join(values))
    return "\n".join(lines) + "\n"


@pytest.fixture
def columns_of(tmp_path):
    """A function from the contents of a file to what is read as what."""

    def read(content: str, *, labelled: bool = True, **choices) -> Columns:
        path = tmp_path / "a.csv"
        path.write_text(content)
        with open_corpus(path, reading=Reading(**choices), labelled=labelled, unlabelled=True) as reader:
            assert len(list(reader)) == ROWS
        assert reader.columns is not None
        return reader.columns

    return read


@pytest.mark.parametrize(
    ("columns", "text", "label"),
    [
        # Ham and spam, sentiment of films, products and tweets.
        ("v1:side,v2:text,:none,:none,:none", "v2", "v1"),
        ("Category:side,Message:text", "Message", "Category"),
        ("label:side,sms:text", "sms", "label"),
        ("review:long,sentiment:mood", "review", "sentiment"),
        ("PhraseId:id,SentenceId:count,Phrase:short,Sentiment:five", "Phrase", "Sentiment"),
        ("sentence:text,label:two,idx:id", "sentence", "label"),
        ("tweet_id:id,airline_sentiment:mood,airline_sentiment_confidence:ratio,negativereason:sparse,airline:theme,"
         "name:nick,retweet_count:count,text:text,tweet_created:day,tweet_location:place", "text", "airline_sentiment"),
        ("textID:code,text:text,selected_text:short,sentiment:mood", "text", "sentiment"),
        ("UserName:id,ScreenName:id,Location:place,TweetAt:day,OriginalTweet:text,Sentiment:mood",
         "OriginalTweet", "Sentiment"),
        ("id:id,label:two,tweet:text", "tweet", "label"),
        (":id,tweet:text,subtask_class:mood", "tweet", "subtask_class"),
        ("Id:id,ProductId:code,UserId:code,ProfileName:who,HelpfulnessNumerator:count,HelpfulnessDenominator:count,"
         "Score:five,Time:id,Summary:short,Text:long", "Text", "Score"),
        ("review_id:code,user_id:code,business_id:code,stars:five,date:day,text:long,useful:count,funny:count,"
         "cool:count", "text", "stars"),
        ("id:id,Title:gaps,Review Text:text,Rating:five", "Review Text", "Rating"),
        ("reviewerID:code,asin:code,reviewerName:who,helpful:count,reviewText:long,overall:five,summary:short",
         "reviewText", "overall"),
        # Topics, news, questions, intents.
        ("Class Index:five,Title:short,Description:text", "Description", "Class Index"),
        ("category:theme,headline:short,authors:who,link:link,short_description:text,date:day",
         "short_description", "category"),
        ("category:theme,filename:code,title:short,content:long", "content", "category"),
        ("title:short,text:long,subject:theme,date:day", "text", "subject"),
        ("id:id,title:short,author:who,text:long,label:two", "text", "label"),
        ("article_link:link,headline:short,is_sarcastic:two", "headline", "is_sarcastic"),
        ("id:code,title:short,abstract:long,categories:several", "abstract", "categories"),
        ("text:short,label:five,label_text:many", "text", "label"),
        ("text:short,intent:many", "text", "intent"),
        ("utterance:short,intent:many,lang:tongue", "utterance", "intent"),
        ("qid:code,question_text:short,target:flag", "question_text", "target"),
        ("question:short,label:many", "question", "label"),
        ("id:id,keyword:theme,location:place,text:text,target:two", "text", "target"),
        ("id:id,text:text,target:flag", "text", "target"),
        ("text:short,category:theme", "text", "category"),
        ("Consumer complaint narrative:long,Product:theme", "Consumer complaint narrative", "Product"),
        ("Resume_str:long,Category:many", "Resume_str", "Category"),
        # Emotions, toxicity, stance, clinical notes.
        ("Text:short,Emotion:mood", "Text", "Emotion"),
        ("text:short,emotions:several,id:code", "text", "emotions"),
        (":id,count:count,hate_speech:count,offensive_language:count,neither:count,class:mood,tweet:text",
         "tweet", "class"),
        ("id:code,comment_text:long,toxic_label:flag", "comment_text", "toxic_label"),
        ("description:text,medical_specialty:theme", "description", "medical_specialty"),
        ("id:id,statement:short,status:many", "statement", "status"),
        ("clean_text:text,category:two", "clean_text", "category"),
        ("text:text,language:tongue", "text", "language"),
        ("content:text,author:nick", "content", "author"),
        ("plot:long,genre:several,title:short", "plot", "genre"),
        ("job_title:short,job_description:long,fraudulent:two", "job_description", "fraudulent"),
        ("aspect:theme,sentence:text,polarity:mood", "sentence", "polarity"),
        # Without known names, and with numbers that tell train from test.
        ("nr:id,Inhalt:text,Art:mood", "Inhalt", "Art"),
        ("Titel:short,Inhalt:long,Art:mood", "Inhalt", "Art"),
        ("Comment:text,Haltung:side", "Comment", "Haltung"),
        ("text:short,label:two,fold:five", "text", "label"),
        ("text:short,Art:mood,fold:five", "text", "Art"),
        ("class:none,text:short,Art:mood", "text", "Art"),
    ],
)  # fmt: skip
def test_public_files_are_read_without_a_question(columns_of, columns, text, label):
    found = columns_of(table(columns))
    assert (found.text, found.label) == (text, label)


@pytest.mark.parametrize(
    ("columns", "what", "rivals"),
    [
        ("ID:id,Target:theme,Tweet:text,Stance:side", "label", ("Target", "Stance")),
        ("Topic:theme,Text:text,Verdict:side", "label", ("Topic", "Verdict")),
        ("category:theme,sentiment:mood,text:text", "label", ("category", "sentiment")),
        ("text:text,rating:five,sentiment:mood", "label", ("rating", "sentiment")),
        ("text:text,main_category:theme,sub_category:many", "label", ("main_category", "sub_category")),
        ("text:text,emotion:mood,intent:many", "label", ("emotion", "intent")),
        ("subject:short,body:long,queue:theme,priority:mood", "label", ("queue", "priority")),
        ("question1:short,question2:short,is_duplicate:two", "text", ("question1", "question2")),
        ("sentence1:text,sentence2:text,label:two", "text", ("sentence1", "sentence2")),
        ("premise:text,hypothesis:short,label:mood", "text", ("premise", "hypothesis")),
        ("question:short,answer:long,label:mood", "text", ("question", "answer")),
        ("Title:short,Inhalt:text,label:mood", "text", ("Title", "Inhalt")),
        ("comment:short,Inhalt:long,label:mood", "text", ("comment", "Inhalt")),
        ("text:sparse,Inhalt:text,label:mood", "text", ("text", "Inhalt")),
        ("raw_text:text,clean_text:text,label:mood", "text", ("raw_text", "clean_text")),
        ("title:short,headline:short,label:mood", "text", ("title", "headline")),
        ("title:short,text:sparse,label:side", "text", ("title", "text")),
        ("claim:text,evidence:long,label:mood", "text", ("claim", "evidence")),
        ("instruction:text,response:long,category:theme", "text", ("instruction", "response")),
        ("Comment:text,Party:side,Topic:theme", "label", ("Party", "Topic")),
        ("text:text,target:two,category:theme", "label", ("target", "category")),
        ("labels:none,sentiment:none,text:text,Art:mood,Form:side", "label", ("Art", "Form")),
    ],
)
def test_in_doubt_the_rivals_are_named(columns_of, columns, what, rivals):
    with pytest.raises(ColumnError) as caught:
        columns_of(table(columns))
    message = str(caught.value)
    assert f"cannot tell which column is the {what}: " in message
    between = message.partition(": cannot")[2].partition(";")[0]
    assert all(f'"{name}"' in between for name in rivals), message
    assert "such as " in message
    assert f"choose with --{what}-column" in message


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ("Title:gaps,Review Text:text,label:side",
         'text from "Review Text" (by name, though there is "Title": --text-column chooses, or joins them)'),
        ("text:text,sentiment:mood,airline:theme",
         'labels from "sentiment" (by name, though there is "airline": --label-column chooses)'),
        ("text:text,label:mood,topic:theme", 'labels from "label" (by name, though there is "topic"'),
        ("text:code,message:text,label:mood", 'text from "message" (by name, though there is "text"'),
        ("text:text,label:mood,source:theme,user:nick", 'labels from "label" (by name)'),
        ("name:nick,label:side", 'text from "name" (the only one left), labels from "label" (by name)'),
    ],
)  # fmt: skip
def test_where_there_is_little_doubt_the_rival_is_named(columns_of, columns, says):
    assert says in columns_of(table(columns)).describe()


def test_the_only_column_that_is_left_is_the_text(columns_of):
    assert columns_of(table("name:nick,gender:two"), label_column="gender").text == "name"
    assert columns_of(table("id:id,name:nick,gender:two"), label_column="gender").text == "name"
    assert columns_of(table("number:count,kind:two"), label_column="kind").text == "number"
    with pytest.raises(ColumnError, match="is the text"):
        columns_of(table("number:ratio,label:two"))


def test_columns_are_chosen_for_answers_too(columns_of):
    assert columns_of(table("id:id,Title:gaps,Review Text:text,Rating:five"), labelled=False).text == "Review Text"
    assert columns_of(table("name:nick,label:side"), labelled=False).text == "name"


# Columns of zeros and ones.


def test_columns_of_zeros_and_ones_side_by_side_raise_a_hint(columns_of):
    with pytest.raises(ColumnError) as caught:
        columns_of(table("id:code,comment_text:long,toxic:flag,insult:flag2,threat:two"))
    assert str(caught.value).endswith(
        "3 columns of 0 and 1 stand side by side: if each is a label, --label-column toxic,insult,threat"
    )
    with pytest.raises(ColumnError, match="--label-column 'very bad,good'"):
        columns_of(table("text:long,very bad:flag,good:two"))
    with pytest.raises(ColumnError, match="--label-column NAME --label-column NAME"):
        columns_of(table("text:long,A:two,B:two").replace("A,B", '"A, a",B'))
    with pytest.raises(ColumnError, match="2 columns of 0 and 1"):
        columns_of(table("text:long,toxic:flag,insult:gap"))
    assert columns_of(table("text:long,label:mood,toxic:flag,insult:two")).label == "label"
