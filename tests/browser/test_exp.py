from datetime import UTC, datetime, timedelta
import pytest
from tests.browser.pages import Pages, make_files, make_site
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

@pytest.mark.parametrize("js", [True, False])
def test_it(recruiter, open_tab, tmp_path, settings, js):
    settings.FORM_MIN_FILL_TIME = timedelta()
    at = datetime.now(UTC)
    pages = Pages("en", make_site(recruiter, at), make_files(tmp_path), at)
    tab = open_tab(java_script_enabled=js)
    tab.open(pages.url("candidates:position", "backend-developer"))
    tab.submit("main .button >> nth=0")
    print("form", tab.page.url, tab.page.evaluate("history.length"))
    print(pages.make_mistakes(tab), tab.page.evaluate("history.length"), tab.page.evaluate("document.activeElement.outerHTML.slice(0,60)"))
    print(pages.fill_in(tab), tab.page.url, tab.page.evaluate("history.length"))
    try:
        print("back", tab.page.go_back(), tab.page.url, tab.page.title(), tab.page.input_value("#id_name"))
    except Exception as e:
        print("BACK", str(e)[:300], tab.page.url, "")
        import time; time.sleep(2)
        print("NOW", tab.page.url, tab.page.title(), tab.page.evaluate("document.body.innerText.slice(0,300)"))
    print(tab.said)
