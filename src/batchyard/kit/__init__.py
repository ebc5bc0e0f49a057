"""Things that know nothing of batch: clocks, ids, loops, logging. Nothing here imports anything of ours."""
