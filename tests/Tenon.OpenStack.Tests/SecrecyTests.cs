using Tenon.OpenStack.Tests.Support;

namespace Tenon.OpenStack.Tests;

/// <summary>Passwords and tokens appear nowhere but on the wire.</summary>
public sealed class SecrecyTests : IAsyncLifetime
{
    private const string Password = "Tr0ub4dor&\"3\\-secret";
    private ScriptedCloud _cloud = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cloud = await ScriptedCloud.StartAsync();

    public ValueTask DisposeAsync() => _cloud.DisposeAsync();

    public static TheoryData<string, AuthMethod> Methods() => new()
    {
        { "password", new AuthMethod.Password(null, "demo", DomainReference.ById("default"), new(Password)) },
        { "token", new AuthMethod.Token(new(Password)) },
        { "application credential", new AuthMethod.ApplicationCredential("id", null, null, null, null, new(Password)) },
    };

    [Theory(Timeout = 60_000, DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Methods))]
    public async Task No_log_exception_or_text_holds_a_secret_whatever_fails(string name, AuthMethod method)
    {
        CloudCredentials credentials = _cloud.Credentials with { Method = method };
        using var loggers = new CollectingLoggers();
        var said = new List<string> { credentials.ToString(), method.ToString() };
        var observed = new List<CloudCall>();
        foreach (string failure in new[] { "none", "echo", "reset", "garbage", "timeout", "401", "500", "keystone-echo", "keystone-reset", "keystone-garbage", "keystone-401" })
        {
            Play(failure);
            var options = ScriptedCloud.Fast() with { AttemptTimeout = TimeSpan.FromMilliseconds(failure == "timeout" ? 200 : 20_000), Observer = observed.Add };
            await using CloudClient client = _cloud.Connect(options, loggers, credentials);
            Exception? error = await Record.ExceptionAsync(async () =>
            {
                await client.Networking().ListExtensionsAsync(Ct);
                await client.Networking().CreatePortAsync(new() { NetworkId = "n" }, Ct);
            });
            if (failure != "none") error.ShouldNotBeNull($"{name}, {failure}");
            for (Exception? e = error; e is not null; e = e.InnerException) said.AddRange([e.ToString(), e.Message, string.Join(' ', e.Data.Values.Cast<object>())]);
            said.Add(client.ToString()!);
            said.Add(client.Credentials.ToString());
        }

        said.AddRange(loggers.Lines);
        said.AddRange(observed.Select(o => o.ToString()));
        loggers.Lines.ShouldContain(l => l.Contains("network.extensions.list"));
        string[] secrets = [Password, "Tr0ub4dor", "of-this-cloud", "gAAAAABk"];
        said.Where(s => secrets.Any(x => s.Contains(x, StringComparison.Ordinal))).ShouldBeEmpty(name);
        _cloud.Received.ShouldContain(r => r.Body.Contains("Tr0ub4dor"), "the wire is where it belongs");
    }

    [Fact]
    public void Problems_of_clouds_yaml_hold_no_secret()
    {
        const string Text = """
            clouds:
              a:
                auth: {auth_url: "no url", username: u, password: "Tr0ub4dor", pasword: "Tr0ub4dor", application_credential_secret: "Tr0ub4dor"}
                interface: sideways
            """;
        CloudsYamlResult result = CloudsYaml.Read(new() { Clouds = new("clouds.yaml", Text) }, "a");
        result.Problems.Length.ShouldBeGreaterThan(2);
        string.Join('\n', result.Problems).ShouldNotContain("Tr0ub4dor");
        string.Join('\n', CloudsYaml.Read(new() { Clouds = new("clouds.yaml", Text.Replace("interface:", "Tr0ub4dor: [")) }, "a").Problems).ShouldNotContain("Tr0ub4dor");
        new CloudsFile("clouds.yaml", Text).ToString().ShouldNotContain("Tr0ub4dor");
    }

    private void Play(string failure)
    {
        // The worst service repeats everything that it was sent.
        static string Echo(Received r) => "{\"error\": {\"code\": 400, \"message\": " + System.Text.Json.JsonSerializer.Serialize(
            $"bad request: {r.Body} with {r.Token} and gAAAAABk0123456789012345678901234567890123456789_-== and {Password}") + "}}";
        _cloud.Script = failure switch
        {
            "none" or "keystone" => (r, c) => ScriptedCloud.Answer(c, 200, r.Method == "POST" ? """{"port": {"id": "p"}}""" : """{"extensions": []}"""),
            "echo" => (r, c) => ScriptedCloud.Answer(c, 400, Echo(r)),
            "reset" => (_, c) => Abort(c),
            "garbage" => (r, c) => ScriptedCloud.Answer(c, 200, r.Token + Password),
            "timeout" => (_, c) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, c.RequestAborted),
            "401" => (r, c) => ScriptedCloud.Answer(c, 401, Echo(r)),
            _ => (r, c) => ScriptedCloud.Answer(c, 500, Echo(r)),
        };
        _cloud.Keystone = failure switch
        {
            "keystone-echo" => (r, c) => ScriptedCloud.Answer(c, 400, Echo(r)),
            "keystone-reset" => (_, c) => Abort(c),
            "keystone-garbage" => (r, c) => ScriptedCloud.Answer(c, 201, r.Body, ("X-Subject-Token", "token-x-of-this-cloud")),
            "keystone-401" => (r, c) => ScriptedCloud.Answer(c, 401, Echo(r)),
            _ => null,
        };

        static Task Abort(Microsoft.AspNetCore.Http.HttpContext context)
        {
            context.Abort();
            return Task.CompletedTask;
        }
    }
}
