"""The studies: one file a paper, found by being here.

A file of this folder holds one constant ``STUDY``; nothing else needs to name it.
"""
