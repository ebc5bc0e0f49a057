"""What jobs print and clients put: files of log events, how to page, search and filter them (BEHAVIOUR 12).

Not here: which groups and streams exist (`store/logs.py`), the wire (`handlers/logs.py`), and who writes an attempt's
file (its engine, by the format that `base` states).
"""
