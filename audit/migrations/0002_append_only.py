"""Nobody changes the record: triggers refuse UPDATE and TRUNCATE, and DELETE of a row younger than its period."""

from django.db import migrations

SQL = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION audit_refuse_young() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.at > clock_timestamp() - TG_ARGV[0]::interval THEN
        RAISE EXCEPTION 'this row of the audit log is younger than its period' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_event_no_young_delete BEFORE DELETE ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_young('2 years');

CREATE TRIGGER audit_access_no_update BEFORE UPDATE ON audit_accessevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_access_no_truncate BEFORE TRUNCATE ON audit_accessevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_access_no_young_delete BEFORE DELETE ON audit_accessevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_young('1 year');
"""

REVERSE = """
DROP TRIGGER audit_event_no_update ON audit_auditevent;
DROP TRIGGER audit_event_no_truncate ON audit_auditevent;
DROP TRIGGER audit_event_no_young_delete ON audit_auditevent;
DROP TRIGGER audit_access_no_update ON audit_accessevent;
DROP TRIGGER audit_access_no_truncate ON audit_accessevent;
DROP TRIGGER audit_access_no_young_delete ON audit_accessevent;
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_refuse_young();
"""


class Migration(migrations.Migration):
    """See above."""

    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
