"""Documents that are made from the code are up to date."""

from infra import data_model


def test_the_data_model_page_is_what_the_tables_module_says() -> None:
    # Given the page that the code describes now
    made = data_model.render()
    # When the committed page is read
    committed = data_model.PAGE.read_text()
    # Then they are the same; otherwise run `python -m infra.data_model`
    assert committed == made
