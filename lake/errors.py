"""What can go wrong in the lake.

LakeError
├── TableOwnedElsewhere   another process holds the table's lock
├── StaleWriter           someone else committed to a table that this process owns
├── WriteLost             the disk did not keep what was written
├── TableNotReadable      the newest commit of a table is damaged
├── QueryRefused          a query that may not run here (only reading is allowed)
└── QueryTooLong          a question that took longer than whoever asked may let it
"""


class LakeError(Exception):
    """`fix` is what the user can do about it, in one line."""

    fix: str

    def __init__(self, cause: str, fix: str) -> None:
        super().__init__(cause)
        self.fix = fix


class TableOwnedElsewhere(LakeError):
    pass


class StaleWriter(LakeError):
    pass


class WriteLost(LakeError):
    pass


class TableNotReadable(LakeError):
    pass


class QueryRefused(LakeError):
    pass


class QueryTooLong(LakeError):
    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The question took longer than {seconds:g} s.", "Ask for less: a ward, fewer days."
        )
