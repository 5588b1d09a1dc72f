"""Executors: results in order, events as they come, and nothing begun that nobody asks for."""

from textcnn.distributed.executor import SerialExecutor


def test_results_come_in_order_and_events_reach_the_callback() -> None:
    heard: list[str] = []

    def double(job: int, callback) -> int:
        return -job if callback(f"job {job}") else 2 * job

    def callback(event: str) -> bool:
        heard.append(event)
        return event == "job 2"

    assert list(SerialExecutor().run(double, [1, 2, 3], callback)) == [2, -2, 6]
    assert heard == ["job 1", "job 2", "job 3"]


def test_jobs_that_nobody_asks_for_are_not_begun() -> None:
    begun: list[int] = []
    results = SerialExecutor().run(lambda job, callback: begun.append(job), [1, 2, 3], lambda event: False)
    next(results)
    assert begun == [1]
