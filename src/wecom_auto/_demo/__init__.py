"""The demonstration behind ``wecom-auto demo``: a car maker, ninety virtual days, no server and no credentials.

Everything is played over real HTTP on loopback; nothing here is an interface to build upon.
"""
