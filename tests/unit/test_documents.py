"""Documents that repeat the code say the same as the code."""

from pathlib import Path

from flareflow.adapters.dynamodb import tables

ROOT = Path(__file__).parents[2]


def test_the_data_model_page_is_the_docstring_of_the_tables_module() -> None:
    # Given the document of the tables beside the code
    assert tables.__doc__ is not None
    # When the page for people is read
    page = (ROOT / "docs" / "data-model.md").read_text()
    # Then it holds that very text
    assert tables.__doc__.strip() in page
