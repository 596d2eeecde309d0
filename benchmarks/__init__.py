"""How much time, work and memory errors take, with StatusKit and with its peers.

python -m benchmarks                all of it; --write puts the tables into the docs
python -m benchmarks.in_process     µs per request, all contenders in turn in one process
python -m benchmarks.instructions   instructions per request, whatever else the machine does
python -m benchmarks.stages         instructions of each stage of a typed 409
python -m benchmarks.servers        requests per second under gunicorn
python -m benchmarks.startup        imports, applications, memory
python -m benchmarks.growth         many mappings, field errors, endpoints
"""
