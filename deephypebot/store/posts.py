"""Posts that are public, and how many people like them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select, update

from deephypebot.store.database import Database
from deephypebot.store.feeds import add_new
from deephypebot.store.lease import Found, Lease, claim, finish
from deephypebot.store.rows import clean
from deephypebot.store.tables import items, likes, posts


class Posts:
    """What the bot has posted."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def claim(self, network: str, lease: Lease, limit: int) -> list[Found]:
        """Posts whose likes are to be counted again."""
        which = (posts.c.network == network) & (posts.c.state == "public")
        with self.database.writing() as connection:
            return claim(connection, posts, which, lease, limit)

    def counted(
        self,
        rows: Sequence[Found],
        lease: Lease,
        counts: Mapping[str, int],
        due: Mapping[int, datetime],
        may_train: bool,
    ) -> None:
        """Keep the counts, by uri. due: when each row is counted next. Raises Conflict."""
        with self.database.writing() as connection:
            for row in rows:
                if row.uri in counts:
                    count = {"post_id": row.id, "at": lease.now, "count": counts[row.uri], "may_train": may_train}
                    add_new(connection, likes, [count])
                finish(connection, posts, row.id, lease, due_at=due[row.id])

    def postponed(self, rows: Sequence[Found], lease: Lease, error: str, due_at: datetime) -> None:
        """They could not be counted. Raises Conflict."""
        with self.database.writing() as connection:
            for row in rows:
                finish(connection, posts, row.id, lease, tries=row.tries, error=clean(error, 1000), due_at=due_at)

    def posted_since(self, network: str, since: datetime) -> int:
        """How many posts went out."""
        which = (posts.c.network == network, posts.c.posted_at > since)
        with self.database.reading() as connection:
            return int(connection.scalar(select(func.count()).select_from(posts).where(*which)) or 0)

    def recent_texts(self, limit: int) -> list[str]:
        """The latest posts' texts."""
        with self.database.reading() as connection:
            return list(connection.scalars(select(posts.c.text).order_by(posts.c.id.desc()).limit(limit)))

    def likes_of(self, post_ids: Sequence[int]) -> dict[int, list[Found]]:
        """Counts over time of each post."""
        query = select(likes).where(likes.c.post_id.in_(list(post_ids))).order_by(likes.c.at)
        found: dict[int, list[Found]] = {post_id: [] for post_id in post_ids}
        with self.database.reading() as connection:
            for row in connection.execute(query):
                found[row.post_id].append(row)
        return found

    def all(self, limit: int | None = None, item_ids: Sequence[int] | None = None) -> list[Found]:
        """Posts with their songs, the newest first."""
        query = select(posts, items.c.artist, items.c.title).join(items, posts.c.item_id == items.c.id)
        if item_ids is not None:
            query = query.where(posts.c.item_id.in_(list(item_ids)))
        with self.database.reading() as connection:
            return list(connection.execute(query.order_by(posts.c.id.desc()).limit(limit)))

    def gone(self, uri: str) -> None:
        """Somebody else has taken it down."""
        with self.database.writing() as connection:
            connection.execute(update(posts).where(posts.c.uri == uri).values(state="deleted"))
