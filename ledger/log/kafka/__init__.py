"""The engine on Kafka: two topics that several machines share, and a local mirror to read the decisions from.

`engine` puts the parts together. The topics are the ledger; everything else here can be made anew from them.
"""
