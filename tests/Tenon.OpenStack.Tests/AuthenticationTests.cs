using System.Text.Json.Nodes;
using Tenon.OpenStack.Networking;
using Tenon.OpenStack.Tests.Support;
using Tenon.Testing;

namespace Tenon.OpenStack.Tests;

public sealed class AuthenticationTests : IAsyncLifetime
{
    private ScriptedCloud _cloud = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cloud = await ScriptedCloud.StartAsync();
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 200, """{"extensions": [{"alias": "router", "name": "Router"}]}""");
    }

    public ValueTask DisposeAsync() => _cloud.DisposeAsync();

    public static TheoryData<string, CloudCredentials, string> Bodies()
    {
        var url = new Uri("http://127.0.0.1/");
        var secret = new Core.Secret("s3cret");
        AuthMethod byName = new AuthMethod.Password(null, "u", DomainReference.ByName("D"), secret);
        AuthMethod byId = new AuthMethod.Password("uid", "ignored", null, secret);
        CloudCredentials Of(AuthMethod method, AuthScope scope) => new() { AuthUrl = url, Method = method, Scope = scope };
        static string Body(string identity, string? scope)
            => "{\"auth\":{\"identity\":" + identity + (scope is null ? "" : ",\"scope\":" + scope) + "}}";

        const string Named = """{"methods":["password"],"password":{"user":{"name":"u","domain":{"name":"D"},"password":"s3cret"}}}""";
        const string WithId = """{"methods":["password"],"password":{"user":{"id":"uid","password":"s3cret"}}}""";
        return new()
        {
            { "password by name, project by name", Of(byName, new AuthScope.Project(null, "p", DomainReference.ById("pd"))), Body(Named, """{"project":{"name":"p","domain":{"id":"pd"}}}""") },
            { "password by ID, project by ID", Of(byId, new AuthScope.Project("pid", "ignored", DomainReference.ByName("ignored"))), Body(WithId, """{"project":{"id":"pid"}}""") },
            { "domain scope", Of(byId, new AuthScope.Domain(DomainReference.ByName("D"))), Body(WithId, """{"domain":{"name":"D"}}""") },
            { "trust", Of(byId, new AuthScope.Trust("t")), Body(WithId, """{"OS-TRUST:trust":{"id":"t"}}""") },
            { "system", Of(byId, new AuthScope.System()), Body(WithId, """{"system":{"all":true}}""") },
            { "unscoped", Of(byId, AuthScope.None), Body(WithId, null) },
            { "token", Of(new AuthMethod.Token(secret), new AuthScope.Project("pid", null, null)), """{"auth":{"identity":{"methods":["token"],"token":{"id":"s3cret"}},"scope":{"project":{"id":"pid"}}}}""" },
            { "application credential by ID", Of(new AuthMethod.ApplicationCredential("ac", "ignored", null, null, null, secret), new AuthScope.Project("never sent", null, null)), """{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"ac","secret":"s3cret"}}}}""" },
            { "application credential by name and user", Of(new AuthMethod.ApplicationCredential(null, "n", null, "u", DomainReference.ById("d"), secret), AuthScope.None), """{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"name":"n","user":{"name":"u","domain":{"id":"d"}},"secret":"s3cret"}}}}""" },
            { "application credential by name and user ID", Of(new AuthMethod.ApplicationCredential(null, "n", "uid", null, null, secret), AuthScope.None), """{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"name":"n","user":{"id":"uid"},"secret":"s3cret"}}}}""" },
        };
    }

    [Theory(Timeout = 20_000, DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Bodies))]
    public async Task Keystone_is_asked_as_its_v3_API_says(string method, CloudCredentials credentials, string expected)
    {
        await using CloudClient client = _cloud.Connect(credentials: credentials with { AuthUrl = new($"{_cloud.Root}/identity/v3") });
        await client.Identity.GetSelfAsync(Ct);
        Received request = _cloud.Received.ShouldHaveSingleItem(method);
        JsonNode.DeepEquals(request.Json, JsonNode.Parse(expected)).ShouldBeTrue($"{method}: {request.Body}");
    }

    [Theory(Timeout = 20_000)]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/v3")]
    [InlineData("/v3/")]
    [InlineData("/v2.0")]
    [InlineData("/v3/auth/tokens")]
    public async Task The_auth_URL_may_end_as_people_write_it(string end)
    {
        await using CloudClient client = _cloud.Connect(credentials: _cloud.Credentials with { AuthUrl = new($"{_cloud.Root}/identity{end}") });
        (await client.Identity.GetSelfAsync(Ct)).ProjectId.ShouldBe("project-1");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_hundred_first_callers_authenticate_once()
    {
        await using CloudClient client = _cloud.Connect();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => client.Networking().ListExtensionsAsync(Ct)));
        _cloud.Authentications.ShouldBe(1);
        _cloud.ServiceCalls.Count.ShouldBe(100);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_hundred_callers_with_a_revoked_token_authenticate_once_more_and_all_succeed()
    {
        await using CloudClient client = _cloud.Connect();
        await client.Networking().ListExtensionsAsync(Ct);
        _cloud.Script = (request, context) => request.Token!.StartsWith("token-1-", StringComparison.Ordinal)
            ? ScriptedCloud.Answer(context, 401, """{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}""")
            : ScriptedCloud.Answer(context, 200, """{"extensions": []}""");
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => client.Networking().ListExtensionsAsync(Ct)));
        _cloud.Authentications.ShouldBe(2);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_write_refused_for_its_token_is_sent_again_with_the_new_one()
    {
        await using CloudClient client = _cloud.Connect();
        _cloud.Script = (request, context) => request.Token!.StartsWith("token-1-", StringComparison.Ordinal)
            ? ScriptedCloud.Answer(context, 401, "")
            : ScriptedCloud.Answer(context, 201, """{"port": {"id": "p1"}}""");
        Port port = await client.Networking().CreatePortAsync(new() { NetworkId = "n" }, Ct);
        port.Id.ShouldBe("p1");
        _cloud.ServiceCalls.Count.ShouldBe(2);
        _cloud.ServiceCalls[0].Body.ShouldBe(_cloud.ServiceCalls[1].Body);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_service_that_refuses_every_token_is_asked_twice_and_no_more()
    {
        await using CloudClient client = _cloud.Connect();
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 401, "Authentication required");
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Networking().ListExtensionsAsync(Ct));
        error.Kind.ShouldBe(OpenStackErrorKind.Unauthorized);
        error.Service.ShouldBe("network");
        (_cloud.Authentications, _cloud.ServiceCalls.Count).ShouldBe((2, 2));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_token_is_renewed_before_its_end_without_anybody_waiting()
    {
        var time = new ManualTimeProvider();
        await using CloudClient client = _cloud.Connect(new() { Time = time });
        await client.Networking().ListExtensionsAsync(Ct);
        var renewing = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        _cloud.Keystone = async (_, context) =>
        {
            renewing.SetResult();
            await release.Task;
            await _cloud.GiveTokenAsync(context);
        };
        time.Advance(TimeSpan.FromMinutes(47));
        await client.Networking().ListExtensionsAsync(Ct);
        _cloud.Authentications.ShouldBe(1);
        time.Advance(TimeSpan.FromMinutes(2));

        // Past 80 % of an hour: the call goes on with the old token while Keystone still thinks about the new one.
        await client.Networking().ListExtensionsAsync(Ct);
        await renewing.Task.WaitAsync(Ct);
        _cloud.ServiceCalls[^1].Token.ShouldBe("token-1-of-this-cloud");
        release.SetResult();
        while (_cloud.ServiceCalls[^1].Token != "token-2-of-this-cloud") await client.Networking().ListExtensionsAsync(Ct);
        _cloud.Authentications.ShouldBe(2);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_failed_renewal_does_not_hurt_while_the_token_lives_and_is_tried_again_later()
    {
        var time = new ManualTimeProvider();
        await using CloudClient client = _cloud.Connect(new() { Time = time, Retry = new() { MaxAttempts = 1 } });
        await client.Networking().ListExtensionsAsync(Ct);
        var failed = new TaskCompletionSource();
        _cloud.Keystone = async (_, context) =>
        {
            await ScriptedCloud.Answer(context, 500, "");
            failed.TrySetResult();
        };
        time.Advance(TimeSpan.FromMinutes(50));
        await client.Networking().ListExtensionsAsync(Ct);
        await failed.Task.WaitAsync(Ct);
        for (int i = 0; i < 20; i++) await client.Networking().ListExtensionsAsync(Ct);
        _cloud.Authentications.ShouldBeLessThanOrEqualTo(3);
        _cloud.Keystone = null;
        time.Advance(TimeSpan.FromMinutes(1));
        while (_cloud.ServiceCalls[^1].Token == "token-1-of-this-cloud") await client.Networking().ListExtensionsAsync(Ct);
    }

    [Theory(Timeout = 20_000)]
    [InlineData(-10)]
    [InlineData(10)]
    public async Task Clocks_that_are_years_apart_do_no_harm(int years)
    {
        var time = new ManualTimeProvider();
        _cloud.KeystoneNow = time.GetUtcNow().AddYears(years);
        await using CloudClient client = _cloud.Connect(new() { Time = time });
        await client.Networking().ListExtensionsAsync(Ct);
        time.Advance(TimeSpan.FromMinutes(30));
        await client.Networking().ListExtensionsAsync(Ct);
        _cloud.Authentications.ShouldBe(1);
        time.Advance(TimeSpan.FromMinutes(31));
        await client.Networking().ListExtensionsAsync(Ct);
        _cloud.Authentications.ShouldBe(2);
        _cloud.ServiceCalls[^1].Token.ShouldBe("token-2-of-this-cloud");
    }

    [Fact(Timeout = 20_000)]
    public async Task Wrong_credentials_are_not_tried_again_at_once()
    {
        var time = new ManualTimeProvider();
        _cloud.Keystone = (_, context) => ScriptedCloud.Answer(
            context, 401, """{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}""");
        await using CloudClient client = _cloud.Connect(new() { Time = time });
        for (int i = 0; i < 5; i++)
        {
            OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Networking().ListExtensionsAsync(Ct));
            (error.Kind, error.Service).ShouldBe((OpenStackErrorKind.Unauthorized, "identity"));
        }

        _cloud.Authentications.ShouldBe(1);
        time.Advance(TimeSpan.FromSeconds(2));
        await Should.ThrowAsync<OpenStackException>(() => client.Networking().ListExtensionsAsync(Ct));
        _cloud.Authentications.ShouldBe(2);

        // Corrected on the other side: the next try after the hold succeeds.
        _cloud.Keystone = null;
        time.Advance(TimeSpan.FromSeconds(30));
        await client.Networking().ListExtensionsAsync(Ct);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_caller_that_gives_up_does_not_end_the_authentication_of_the_others()
    {
        var asked = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        _cloud.Keystone = async (_, context) =>
        {
            asked.SetResult();
            await release.Task;
            await _cloud.GiveTokenAsync(context);
        };
        await using CloudClient client = _cloud.Connect();
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        Task first = client.Networking().ListExtensionsAsync(impatient.Token);
        Task second = client.Networking().ListExtensionsAsync(Ct);
        await asked.Task.WaitAsync(Ct);
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        release.SetResult();
        await second;
        _cloud.Authentications.ShouldBe(1);
    }

    [Theory(Timeout = 20_000)]
    [InlineData(201, """{"token": {"expires_at": "2026-01-01T01:00:00Z"}}""", "no X-Subject-Token")]
    [InlineData(200, "<html>Welcome to nginx</html>", "no X-Subject-Token")]
    [InlineData(404, "<html><body><h1>Not Found</h1></body></html>", "Not Found")]
    public async Task What_is_not_Keystone_is_told_from_it(int status, string body, string says)
    {
        _cloud.Keystone = (_, context) => ScriptedCloud.Answer(context, status, body);
        await using CloudClient client = _cloud.Connect();
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Identity.GetSelfAsync(Ct));
        error.Message.ShouldContain(says);
        error.Message.ShouldNotContain("<");
    }
}
