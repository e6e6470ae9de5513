"""The batch loop that carries every service. One reads it in this order:

- `decision`, `table`, `service` what a service is to the loop; `loop` one step and what follows
  from it
- `item` one input, `batch` what a step takes and gathers; `classify`, `step`, `rows` what is
  taken, the transaction, what else it takes; `decide` what becomes of each input, `early` what
  needs no way through the log; `bisect` which of them is to blame for an error
- `shard`, `sharing`, `open`, `ticker` ownership and recovery; `kafka`, `fetched`, `log` what the
  broker gives
- `outbox`, `seal`, `inbox`, `dating` what is published and under which number; commands, and when
- `deadlines`, `precedence` what is done later, and after which records; `effects`, `worker`,
  `transport` what is done outside, by `webhook` (`targets` where to), `page_reader`, `mail`,
  `file_drop`
- `dead_letters`, `kept_record`, `resolve` what could not be processed, and how a person goes on
- `pulse`, `waiting`, `within` whether it gets on; `quietness` whether anything is under way;
  `counts` what decisions count
- `collection`, `working_set`, `catalogue`, `tally` what services keep; `migrations` documents of
  earlier versions
"""
