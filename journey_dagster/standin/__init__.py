"""A service that is none: it speaks OpenAI's and Bedrock's protocols on this machine.

- `server`: listens, remembers what it was asked, and answers as it is told to.
- `wire`: questions and replies as both protocols have them; `openai`, `bedrock`: their own words.
- `honest`: what a good model would answer, from the question alone, with `forms` to word it.
- `faults`: every way in which a service can fail, by name.

For the demo and for tests, through the real SDKs. Nothing here is used to ask a service.
"""
