"""Somebody's broker and backend.

target        where they are; broker_access how to get in
preflight, meeting, first_contact   find out what they let us do
refusals      says so in a sentence
"""
