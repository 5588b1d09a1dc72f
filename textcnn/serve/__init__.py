"""An HTTP server over the answers of models: the same lines as `textcnn predict --format jsonl`, without torch.

    app.py          the application: its routes, and what a request goes through
    models.py       models by name; a file that changes is taken up, a damaged one refused
    messages.py     what is asked and what is answered, as types: validation and the OpenAPI description come from them
    bodies.py       bodies of requests, bounded each and together
    access.py       who may ask: Host, Origin, bearer token; headers that keep pages apart
    problems.py     errors as RFC 9457 has them
    prometheus.py   counters and latencies for /metrics
    openapi.py      the description of the interface
    pages.py        the page at / to try texts, and the page of the description, with *.html, *.css, *.js
    server.py       the server around an application: slow clients, a stop that loses nothing

Starlette and uvicorn, for they are the most used pair, small, and kept by the same people. msgspec reads requests: it
refuses what does not fit while it reads, so that nothing nested or superfluous is ever built.
"""
