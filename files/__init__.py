"""Every stored object: what may come in, where it lies, and how it leaves the bucket again.

Strangers send the files that recruiters open, so nothing is stored before ``files.checker`` has opened it. The checker
is pure (bytes and a name in, a verdict out) and knows neither Django's request nor its storage.
"""
