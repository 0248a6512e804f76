"""The harvest: sources give addresses, a fetcher reads them, the store keeps what they say. Stopped at any moment it loses nothing.

sources.py -> harvest.py (plans) -> fetcher.py (a process of its own, which asks) -> rules.py, article.py (read) -> the store
"""
