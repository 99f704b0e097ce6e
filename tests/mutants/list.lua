-- list.lua - the guarantees, each with what takes it out of the code and the
-- tests that must then fail. `old` stands exactly once in `file`; `new` is what
-- comes in its place. docs/guarantees.md says the same in words.
return {
    -- 1: a hit never waits, and gives no torn, foreign or ended token
    { name = "torn_read", guarantee = 1, file = "src/cache/view.c",
      old = "return tk_word_load(&look->cell[TK_CELL_STAMP]) == look->stamp &&",
      new = "return look->stamp != 0 ||",
      tests = { "unit.cache.view" } },
    { name = "foreign_token", guarantee = 1, file = "src/cache/view.c",
      old = "return differs == 0;", new = "return differs != 1;",
      tests = { "unit.cache.view" } },
    { name = "ended_token_in_cache", guarantee = 1, file = "src/cache/view.c",
      old = "sight->expires_at < want->good_until", new = "false",
      tests = { "unit.cache.view", "unit.reader.read" } },
    { name = "ended_token_over_http", guarantee = 1,
      file = "src/engine/fleet.c",
      old = "return now < entry->life.expires_at;",
      new = "return now < entry->life.expires_at + 1500;",
      tests = { "e2e.history" } },
    { name = "reader_after_sleep", guarantee = 1, file = "src/reader/moment.c",
      old = "if (drift > WALL_MAX_MS || drift < -WALL_MAX_MS) return true;",
      new = "", tests = { "unit.reader.moment" } },
    { name = "dead_engine_s_clock", guarantee = 1,
      file = "src/reader/moment.c", old = "if (is_silent) return true;",
      new = "", tests = { "unit.reader.moment" } },
    { name = "retired_cache", guarantee = 1, file = "src/reader/shelf.c",
      old = "if (mapping == NULL || tk_mapping_is_retired(mapping) ||",
      new = "if (mapping == NULL ||",
      tests = { "unit.reader.shelf", "unit.reader.read" } },

    -- 2: single flight; each caller waits to his own deadline
    { name = "two_flights", guarantee = 2, file = "src/engine/refresh.c",
      old = "    if (entry->flight != NULL) return;\n"
          .. "    if (is_backing_off", new = "    if (is_backing_off",
      tests = { "unit.engine.refresh", "e2e.history" } },
    { name = "endless_wait", guarantee = 2, file = "src/engine/wait.c",
      old = "wait->deadline <= now && count < ANSWERS_MAX",
      new = "wait->deadline + 60000 <= now && count < ANSWERS_MAX",
      tests = { "unit.engine.wait", "e2e.history" } },

    -- 3: value and last error are separate
    { name = "failure_takes_the_token", guarantee = 3,
      file = "src/engine/refresh.c",
      old = "    tk_entry_set_failure(entry, &failure);\n",
      new = "    tk_entry_set_failure(entry, &failure);\n"
          .. "    tk_fleet_clear(fleet, entry);\n",
      tests = { "unit.engine.refresh", "e2e.history" } },

    -- 5: budget
    { name = "free_calls", guarantee = 5, file = "src/engine/budget.c",
      old = "        window->used++;\n", new = "",
      tests = { "unit.engine.budget", "e2e.history" } },
    { name = "urgency_does_not_count", guarantee = 5,
      file = "src/engine/turn.c", old = "return dark_at / GRAIN_MS;",
      new = "return dark_at * 0;", tests = { "unit.engine.turn" } },
    { name = "no_cap_on_calls_at_a_time", guarantee = 5,
      file = "src/engine/turn.c",
      old = "source->active < source->max_concurrent;", new = "true;",
      tests = { "unit.engine.refresh" } },
    { name = "newcomers_take_all", guarantee = 5, file = "src/engine/turn.c",
      old = "    if (new != NULL) tk_budget_take(&source->newcomer_budget, "
          .. "now);\n", new = "", tests = { "unit.engine.turn" } },

    -- 6: reject
    { name = "late_report", guarantee = 6, file = "src/engine/caller.c",
      old = "if (generation < current || !tk_entry_has_token(entry, now)) {",
      new = "if (!tk_entry_has_token(entry, now)) {",
      tests = { "unit.engine.caller" } },
    { name = "newer_than_ignored", guarantee = 6, file = "src/engine/wait.c",
      old = "if (record.generation <= want->newer_than) return false;",
      new = "", tests = { "unit.engine.caller", "e2e.history" } },
    { name = "newer_than_ignored_in_cache", guarantee = 6,
      file = "src/cache/view.c",
      old = "sight->generation <= want->newer_than", new = "false",
      tests = { "unit.cache.view", "unit.reader.read" } },
    { name = "poisoned_is_not_seen", guarantee = 6,
      file = "src/engine/refresh.c",
      old = "entry->is_poisoned = record.generation == entry->rejected;",
      new = "entry->is_poisoned = false;",
      tests = { "unit.engine.caller" } },

    -- 7: ordered commit
    { name = "generation_goes_back", guarantee = 7, file = "src/cache/table.c",
      old = "from->generation < cell[TK_CELL_GENERATION]", new = "false",
      tests = { "unit.cache.table" } },
    { name = "withdrawn_flight_lands", guarantee = 7,
      file = "src/engine/adopt.c",
      old = "if (entry->flight != NULL) flight_dropped(entry, data);",
      new = "", tests = { "unit.engine.adopt" } },

    -- 8: time
    { name = "clock_without_suspend", guarantee = 8, file = "src/base/clock.c",
      old = "    return read_ms(CLOCK_BOOTTIME);",
      new = "    return read_ms(CLOCK_MONOTONIC);", tests = { "e2e.clocks" } },
    { name = "life_from_the_answer", guarantee = 8,
      file = "src/engine/refresh.c",
      old = ".expires_at = answer->sent_at + answer->life_ms,",
      new = ".expires_at = answer->received_at + answer->life_ms,",
      tests = { "unit.engine.refresh" } },
    { name = "suspend_is_overslept", guarantee = 8, file = "src/net/loop.c",
      old = "if (sleep_ms > SLEEP_MAX_MS) sleep_ms = SLEEP_MAX_MS;", new = "",
      tests = { "e2e.clocks" } },

    -- plans are clamped, whatever the policy says
    { name = "no_half_life", guarantee = 4, file = "src/engine/plan.c",
      old = "int64_t first = life->sent_at + life_ms(life) / 2;",
      new = "int64_t first = life->sent_at;",
      tests = { "unit.engine.plan" } },
    { name = "same_token_loops", guarantee = 4, file = "src/engine/refresh.c",
      old = "    entry->not_before = tk_plan_not_before(&entry->life, now);\n",
      new = "", tests = { "unit.engine.refresh", "unit.engine.learned" } },

    -- 11: feasibility
    { name = "quota_is_not_judged", guarantee = 11,
      file = "src/engine/feasibility.c",
      old = "    judge_lead(load, out->texts[TK_STRAIN_LEAD]);\n", new = "",
      tests = { "unit.engine.feasibility" } },

    -- 12: secrets
    { name = "token_in_the_log", guarantee = 12,
      file = "src/engine/refresh.c",
      old = 'tk_text("fingerprint", fingerprint),',
      new = 'tk_view("fingerprint", record.token),',
      tests = { "e2e.policy" } },
    { name = "old_token_stays_in_memory", guarantee = 12,
      file = "src/cache/area.c",
      old = "        tk_word_store(&words[i], 0);\n", new = "        break;\n",
      tests = { "unit.cache.area", "unit.cache.table" } },
    { name = "secret_is_not_wiped", guarantee = 12, file = "src/base/secret.c",
      old = "    explicit_bzero(bytes, len);\n", new = "    (void)len;\n",
      tests = { "unit.base.secret" } },
    { name = "freed_by_others_is_not_wiped", guarantee = 12,
      file = "src/base/heap.c",
      old = "    explicit_bzero(block, malloc_usable_size(block));\n",
      new = "", tests = { "unit.base.heap" } },
}
