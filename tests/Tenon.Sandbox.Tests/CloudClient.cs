using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Tests;

/// <summary>An answer as it came over the wire.</summary>
internal sealed record WireAnswer(int Status, JsonNode? Json, string Text, HttpResponseHeaders Headers)
{
    /// <summary>The value at a path such as <c>server/status</c>, as text.</summary>
    public string? this[string path] => At(path)?.ToString();

    public JsonNode? At(string path)
    {
        JsonNode? node = Json;
        foreach (string part in path.Split('/'))
            node = node is JsonArray array && int.TryParse(part, out int index) ? (index < array.Count ? array[index] : null) : node?[part];
        return node;
    }

    public string Header(string name) => Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(", ", values) : "";

    public WireAnswer ShouldBe(int status)
    {
        Status.ShouldBe(status, Text);
        return this;
    }
}

/// <summary>A sandbox of its own and a plain HTTP client against it: no client library, so that tests see the protocol.</summary>
internal sealed class CloudClient : IAsyncDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly Dictionary<string, string> _tokens = [];

    private CloudClient(SandboxHost host) => Host = host;

    public SandboxHost Host { get; }

    public string Root => Host.ControlUrl.GetLeftPart(UriPartial.Authority);

    public static async Task<CloudClient> StartAsync(SandboxOptions? options = null)
        => new(await SandboxHost.StartAsync(options ?? new SandboxOptions { Controllers = "none" }, TestContext.Current.CancellationToken));

    /// <summary>A call with a token of a seeded user, demo unless told.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">The path with its service: <c>/compute/v2.1/servers</c>.</param>
    /// <param name="body">The body: an object to serialize, or text as it is.</param>
    /// <param name="user">demo or admin; <c>null</c> sends no token.</param>
    /// <param name="headers">More headers, as NAME: VALUE.</param>
    public async Task<WireAnswer> Send(string method, string path, object? body = null, string? user = "demo", params string[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Root + path);
        if (user is not null) request.Headers.Add("X-Auth-Token", await TokenOf(user));
        foreach (string header in headers)
        {
            string[] parts = header.Split(": ", 2);
            request.Headers.Remove(parts[0]);
            request.Headers.TryAddWithoutValidation(parts[0], parts[1]);
        }

        if (body is not null)
        {
            request.Content = new StringContent(
                body as string ?? System.Text.Json.JsonSerializer.Serialize(body), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        using HttpResponseMessage response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        bool json = response.Content.Headers.ContentType?.MediaType == "application/json" && text.Length > 0;
        return new WireAnswer((int)response.StatusCode, json ? JsonNode.Parse(text) : null, text, response.Headers);
    }

    public Task<WireAnswer> Get(string path, string? user = "demo", params string[] headers) => Send("GET", path, null, user, headers);

    public Task<WireAnswer> Post(string path, object body, string? user = "demo", params string[] headers) => Send("POST", path, body, user, headers);

    public Task<WireAnswer> Delete(string path, string? user = "demo") => Send("DELETE", path, null, user);

    /// <summary>A token of a seeded user, in the project of the same name, kept for the client's life.</summary>
    public async Task<string> TokenOf(string user)
    {
        if (!_tokens.TryGetValue(user, out string? token))
            _tokens[user] = token = (await Authenticate(Password(user, "secret", new { project = new { name = user, domain = new { id = "default" } } }))).ShouldBe(201).Header("X-Subject-Token");
        return token;
    }

    /// <summary>POST /v3/auth/tokens.</summary>
    public Task<WireAnswer> Authenticate(object body) => Send("POST", "/identity/v3/auth/tokens", body, user: null);

    /// <summary>The body of a password authentication.</summary>
    public static object Password(string user, string password, object? scope = null)
    {
        var identity = new { methods = new[] { "password" }, password = new { user = new { name = user, domain = new { name = "Default" }, password } } };
        return scope is null ? new { auth = new { identity } } : new { auth = new { identity, scope } };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Host.DisposeAsync();
    }
}
