"""The local stack: broker, store, services and receiver as processes of this machine, kept alive by
a supervisor. Nothing of it is deployed; what is lies beside this folder."""
