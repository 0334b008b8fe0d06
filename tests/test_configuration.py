"""Settings from command line, environment and file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import attrs
from twisted.trial.unittest import SynchronousTestCase

from emulator.configuration import READERS, ConfigurationError, read_settings
from emulator.lambda_runtime.interpreters import _variable
from emulator.settings import ServiceEndpoint, Settings

SAMPLE = Path(__file__).resolve().parent.parent / "conf" / "apigw-emu.toml"


class ConfigurationCase(SynchronousTestCase):
    def file(self, text: str) -> str:
        path = self.mktemp()
        Path(path).write_text(text)
        return path

    def test_every_setting_can_be_set(self) -> None:
        self.assertEqual(set(READERS), {field.name for field in attrs.fields(Settings)})

    def test_defaults(self) -> None:
        self.assertEqual(read_settings({}, {}), Settings())

    def test_the_sample_is_the_defaults(self) -> None:
        self.assertEqual(read_settings({"config": str(SAMPLE)}, {}), Settings())

    def test_precedence(self) -> None:
        path = self.file('region = "eu-west-1"\naccount_id = "111111111111"\niam = "off"\n')
        environ = {"APIGW_EMU_CONFIG": path, "APIGW_EMU_REGION": "eu-west-2", "APIGW_EMU_ACCOUNT_ID": "222222222222"}
        settings = read_settings({"region": "eu-west-3"}, environ)
        self.assertEqual((settings.region, settings.account_id, settings.iam), ("eu-west-3", "222222222222", "off"))

    def test_the_fields_own_variables(self) -> None:
        environ = {"PROVIDER_OVERRIDE_APIGATEWAY": "legacy", "DISABLE_CUSTOM_CORS_APIGATEWAY": "1"}
        settings = read_settings({}, environ)
        self.assertEqual((settings.provider, settings.disable_custom_cors), ("legacy", True))

    def test_packages_for_node_are_no_interpreter(self) -> None:
        environ = {"APIGW_EMU_NODE_MODULES": "/a,/b", "APIGW_EMU_NODEJS_22_X": "/usr/bin/node"}
        self.assertEqual(("/a", "/b"), read_settings({}, environ).node_modules)

    def test_interpreters_have_variables(self) -> None:
        """The names that are looked for (``interpreters.py``) are names that are let through."""
        for runtime in ("python3.12", "nodejs22.x"):
            read_settings({}, {_variable(runtime): "/x"})
        with self.assertRaises(ConfigurationError):
            read_settings({}, {"APIGW_EMU_NODE_22": "/x"})

    def test_lists_and_tables(self) -> None:
        path = self.file(
            'listen = ["tcp:1", "unix:/x"]\n[services]\ndynamodb = { endpoint = "http://localhost:8000" }\n'
            '[interpreters]\n"python3.12" = "/opt/python"\n'
        )
        settings = read_settings({"config": path}, {"APIGW_EMU_ALLOWED_ORIGINS": "http://a, http://b"})
        self.assertEqual(settings.listen, ("tcp:1", "unix:/x"))
        self.assertEqual(settings.services, {"dynamodb": ServiceEndpoint(endpoint="http://localhost:8000")})
        self.assertEqual(settings.interpreters, {"python3.12": "/opt/python"})
        self.assertEqual(settings.allowed_origins, ("http://a", "http://b"))

    def test_a_state_directory_is_made(self) -> None:
        with tempfile.TemporaryDirectory() as above:
            path = os.path.join(above, "a", "b")
            self.assertEqual(read_settings({"state-dir": path}, {}).state_dir, path)
            self.assertTrue(os.path.isdir(path))

    def test_mistakes_say_where(self) -> None:
        for text, said in (
            ("region = 3", "region: 3: "),
            ('region = "x"', "region: 'x': this is no region's name"),
            ('colour = "red"', "colour: there is no such setting"),
            ("listen = ", "is no TOML"),
            ('[services]\ndynamodb = "http://x"', "services.dynamodb wants endpoint"),
            ("lambda_concurrency = -1", "a number of 0 or more"),
            ("strict_runtimes = 7", "true or false is wanted"),
        ):
            error = self.assertRaises(ConfigurationError, read_settings, {"config": self.file(text)}, {})
            self.assertIn(said, str(error))
            self.assertNotIn("\n", str(error).strip())

    def test_mistakes_in_the_environment(self) -> None:
        error = self.assertRaises(ConfigurationError, read_settings, {}, {"APIGW_EMU_NONSENSE": "1"})
        self.assertEqual(str(error), "APIGW_EMU_NONSENSE: there is no such setting")

    def test_a_file_that_is_not_there(self) -> None:
        error = self.assertRaises(ConfigurationError, read_settings, {"config": "/none"}, {})
        self.assertEqual(str(error), "cannot read the configuration /none: No such file or directory")
