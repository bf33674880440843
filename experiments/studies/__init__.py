"""One file per study.

Each offers `runs(quick)`, the list of its runs, and `report(results, folder)`, which prints its
tables from the results that are there and draws its pictures into the folder; see `study.Study`.
"""
