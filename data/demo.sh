#!/bin/sh
# The main job from end to end on the messages that come along. Usage: data/demo.sh FOLDER-OF-PROGRAMS
set -eu
bin=$(cd "$1" && pwd)
data=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$data/spam.csv" "$data/spam-test.csv" .

run() {
    printf '\n$ %s\n' "$*"
    PATH="$bin:$PATH" sh -c "$*"
}

run 'textcnn train spam.csv'
run 'textcnn evaluate spam-test.csv --errors 3'
run 'textcnn predict "this is not a spam"'
run 'textcnn predict "FREE entry! You have WON a prize, text CLAIM now" --format jsonl'
run 'printf "see you at noon\nclaim your free prize now\n" | textcnn predict --format label | sort | uniq -c'
