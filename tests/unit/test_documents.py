"""Documents that are made from the code are up to date."""

from infra import data_model, live_schema, live_types


def test_the_data_model_page_is_what_the_tables_module_says() -> None:
    # Given the page that the code describes now
    made = data_model.render()
    # When the committed page is read
    committed = data_model.PAGE.read_text()
    # Then they are the same; otherwise run `python -m infra.data_model`
    assert committed == made


def test_the_schema_of_live_messages_is_what_the_payloads_say() -> None:
    # Given the schema that the code describes now
    made = live_schema.render()
    # When the committed schema is read
    committed = live_schema.PAGE.read_text()
    # Then they are the same; otherwise run `python -m infra.live_schema`
    assert committed == made


def test_the_schema_of_messages_to_webhooks_is_what_the_payloads_say() -> None:
    # When the committed schema is read
    committed = live_schema.WEBHOOKS_PAGE.read_text()
    # Then it is what the code describes now; otherwise run `python -m infra.live_schema`
    assert committed == live_schema.render_webhooks()


def test_the_page_has_the_types_of_the_schema() -> None:
    # Given the types that the schema describes now
    made = live_types.render()
    # When the committed module is read
    committed = live_types.PAGE.read_text()
    # Then they are the same; otherwise run `python -m infra.live_types`
    assert committed == made
