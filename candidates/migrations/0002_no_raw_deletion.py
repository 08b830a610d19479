"""A candidate's row leaves in a transaction of the erasing worker and in no other, whatever tries."""

from django.db import migrations

SQL = """
CREATE FUNCTION candidates_refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('clouder.erasing', true), '') <> 'on' THEN
        RAISE EXCEPTION 'candidates leave by an erasure only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER candidates_no_raw_deletion BEFORE DELETE ON candidates_candidate
    FOR EACH STATEMENT EXECUTE FUNCTION candidates_refuse_deletion();
"""

REVERSE = """
DROP TRIGGER candidates_no_raw_deletion ON candidates_candidate;
DROP FUNCTION candidates_refuse_deletion();
"""


class Migration(migrations.Migration):
    """See above."""

    dependencies = [("candidates", "0001_initial")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
