"""Where jobs run: an executor takes jobs that are values and gives back their results, in order.

executor.py     what an executor is, and the one that does one job after the other
processes.py    jobs side by side in several processes
ray.py          jobs on the workers of a Ray cluster

It knows neither models nor training; whoever has jobs hands in the function that does one. A job must hold all that its
result depends on, so that it may be done in another process or on another machine.
"""
