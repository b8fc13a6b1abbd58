"""What is told of a user in words, and who words it.

- `template`: sentences of our own over the facts; every report can fall back on them.
- `generations`: what models are asked for, with which facts, and what their answers may hold.
- `question`: one question to a model and its answer, whoever serves it.
- `openai`, `bedrock`: the two services, through their own SDKs.
- `grounding`: whether a sentence says only what its facts hold; `spelling` finds them in it,
  `vocabulary` and `lexicon` know the words, `bearing` and `claims` hold the words against the
  facts, `strangers` knows whom it must not name.
- `ledger`: what was asked, reserved, spent and answered; a file of its own.
- `asking`: questions to answers, within time and money.
- `blocks`: what an answer proposes, and the facts that it may rest on.
- `telling`: answers to the stories that reports print.

A model is given facts, never records, and its words are never more than words. Nothing here opens
the warehouse while a model is asked.
"""
