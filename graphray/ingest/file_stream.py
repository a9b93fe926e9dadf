"""Files of the same columns as one stream of sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from graphray.executor import Executor
from graphray.ingest.file_sections import FileSection
from graphray.ingest.files import InputFile, check_columns, different_types
from graphray.ingest.outlines import Outline, outline_files


class FileStream:
    """One or more files of the same columns, one after the other; see `Stream`.

    Args:
        files: what to read, in order.
        batch_bytes: about how much of a file of text is parsed at once.
        executor: who takes the first look at them.

    Raises:
        InputError: where a file cannot be read, or the files do not fit together.
    """

    def __init__(self, files: Sequence[InputFile], batch_bytes: int, executor: Executor) -> None:
        more = len(files) - 1
        self.label = files[0].label + (f" and {more} more" if more else "")
        outlines = outline_files(files, batch_bytes, executor)
        schemas = [outline.schema for outline in outlines]
        check_columns([file.label for file in files], schemas)
        try:
            self.schema: pa.Schema = pa.unify_schemas(
                [schema.remove_metadata() for schema in schemas], promote_options="permissive"
            )
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise different_types(files[0].label, error) from error
        self.estimated_bytes = sum(outline.estimated_bytes for outline in outlines)
        self.sections: list[FileSection] = []
        self.num_rows = 0
        for file, outline in zip(files, outlines, strict=True):
            self._add_sections(file, outline)
        self.identity: Any = [str(self.schema), [_identity(file) for file in files]]

    def _add_sections(self, file: InputFile, outline: Outline) -> None:
        row_in_file = file.first_row
        for part, num_rows in outline.parts:
            if num_rows == 0:
                continue
            place = self.num_rows, row_in_file, num_rows
            self.sections.append(FileSection(file, part, outline.schema, self.schema, *place))
            row_in_file += num_rows
            self.num_rows += num_rows


def _identity(file: InputFile) -> list[Any]:
    info = file.filesystem.get_file_info(file.path)
    return [file.label, info.size, info.mtime_ns]
