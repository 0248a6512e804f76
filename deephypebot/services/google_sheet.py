"""A Google Sheet to curate in, as in 2018 (gspread)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gspread
import requests
from google.auth.exceptions import GoogleAuthError

from deephypebot.errors import InputError, Limited, Refused, ServiceError, SignInRefused, Unsure
from deephypebot.settings import SheetSettings

FORMULA = ("=", "+", "-", "@", "\t")
AWAY_S, QUOTA_S = 60.0, 100.0


class GoogleSheet:
    """Implements services.Sheet. columns: of the header row, which is made where the sheet is empty. Cells are written as they are, never
    computed. worksheet: for tests, a sheet that is open already."""

    def __init__(self, settings: SheetSettings, columns: Sequence[str], worksheet: Any = None) -> None:
        if worksheet is None and (not settings.key or settings.credentials is None):
            raise InputError(
                "sheet.key or sheet.credentials is missing; needed are the sheet's key and a service account's JSON file"
            )
        self.settings, self.columns, self._sheet = settings, list(columns), worksheet

    def rows(self) -> list[dict[str, str]]:
        """All rows, top to bottom. Raises ServiceError."""
        values = self._ask(lambda sheet: sheet.get_all_values())
        if not values:
            return []
        header = [str(cell) for cell in values[0]]
        return [dict(zip(header, map(str, row), strict=False)) for row in values[1:]]

    def append(self, rows: Sequence[Mapping[str, str]]) -> None:
        """New rows at the end. Raises ServiceError."""
        header = self._ask(lambda sheet: sheet.row_values(1))
        if not header:
            header = self.columns
            self._ask(lambda sheet: sheet.append_row(header, value_input_option="RAW"))
        cells = [[harmless(str(row.get(name, ""))) for name in header] for row in rows]
        self._ask(lambda sheet: sheet.append_rows(cells, value_input_option="RAW"))

    def _ask(self, act: Any) -> Any:
        try:
            if self._sheet is None:
                client = gspread.service_account(str(self.settings.credentials))
                self._sheet = client.open_by_key(self.settings.key).worksheet(self.settings.worksheet)
            return act(self._sheet)
        except (
            gspread.exceptions.GSpreadException,
            GoogleAuthError,
            requests.RequestException,
            OSError,
            ValueError,
        ) as error:
            raise _fault(error) from error


def harmless(cell: str) -> str:
    """A cell that no spreadsheet computes."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _fault(error: Exception) -> ServiceError:
    said = f"sheet: {type(error).__name__}"
    match error:
        case gspread.exceptions.APIError():
            status = int(error.response.status_code)
            if status == 429:
                return Limited(f"{said} 429", QUOTA_S)
            if status in (401, 403):
                return SignInRefused(f"{said} {status}; share the sheet with the service account")
            return Unsure(f"{said} {status}") if status >= 500 else Refused(f"{said} {status}")
        case gspread.exceptions.SpreadsheetNotFound() | gspread.exceptions.WorksheetNotFound():
            return Refused(f"{said}; check sheet.key and sheet.worksheet")
        case GoogleAuthError() | ValueError():
            return SignInRefused(f"{said}; check the file of sheet.credentials")
        case FileNotFoundError():
            return SignInRefused("sheet: the file of sheet.credentials is not there")
        case _:
            return Limited(said, AWAY_S)
