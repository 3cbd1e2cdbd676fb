"""The compiled simulator: one engine under heuristics, learned policies and Gymnasium views.

Decision interface. A run is a `state.Run`, made by `archgym.cost_models.soc.schedule.running`.

    status = advance(case, run, until)

runs until the scheduler must decide (`DECIDE`), until the tick ``until`` (`PAUSED`), or until
the last job is complete (`OVER`). At `DECIDE` the manager stands in tick ``run.clock[0].tick``:

- ``run.ready[:n]`` with ``n = run.clock[0].ready`` are the ready tasks, rows of ``run.tasks``, in
  the order in which they became ready. ``run.tasks[i].task`` is the row of ``case.tasks`` and
  ``case.exec_us``, ``run.tasks[i].job`` the row of ``run.jobs``.
- ``run.pes[p].task`` is what PE p runs (-1: nothing), ``.head`` the first task that waits for it
  (then ``run.tasks[i].next``), ``.free_at`` the estimate A(p) that the heuristics keep.
- ``case.exec_us[task, p]`` is the nominal time (inf: unsupported), and
  ``predecessors.data_ready(case, run, i, p)`` the tick from which i could begin on p.

Whoever decides writes ``run.choice[k]``, the PE of the task ``run.ready[k]``, and may reorder
``run.ready``; tasks of one job wait in that order. Then

    commit(case, run)

assigns them all, and ``advance`` goes on in the same tick. ``governors.set_point`` moves a
cluster to another operating point, which steps planned from then on see.
"""
