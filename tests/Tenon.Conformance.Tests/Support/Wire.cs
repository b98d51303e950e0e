using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Conformance.Tests.Support;

/// <summary>Who asks, and where Keystone is.</summary>
public sealed record Account(string AuthUrl, string User, string Password, string Project, string Domain, string Region);

/// <summary>A plain HTTP client of one account's view of a cloud: no client library of ours in between, so that a case sees the protocol itself.</summary>
public sealed class Wire : IDisposable
{
    private static readonly Dictionary<string, string[]> Types = new()
    {
        ["identity"] = ["identity"], ["compute"] = ["compute"], ["network"] = ["network"], ["load-balancer"] = ["load-balancer"],
        ["image"] = ["image"], ["placement"] = ["placement"], ["block-storage"] = ["block-storage", "volumev3", "block-store"], ["key-manager"] = ["key-manager"],
    };

    private static readonly AsyncLocal<bool> s_outlivesTheTest = new();

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly Dictionary<string, string> _endpoints;

    private Wire(Account account, string token, JsonNode body)
    {
        Account = account;
        Token = token;
        TokenBody = body;
        _endpoints = body["catalog"]!.AsArray()
            .Select(s => (Type: s!["type"]!.ToString(), Url: s["endpoints"]!.AsArray()
                .FirstOrDefault(e => e!["interface"]!.ToString() == "public" && e["region"]!.ToString() == account.Region)?["url"]!.ToString().TrimEnd('/')))
            .Where(s => s.Url is not null)
            .ToDictionary(s => s.Type, s => s.Url!);
    }

    /// <summary>Ends with the test, but not what is taken away after it.</summary>
    internal static CancellationToken Life
        => s_outlivesTheTest.Value || TestContext.Current.TestState is not null ? CancellationToken.None : TestContext.Current.CancellationToken;

    /// <summary>The account.</summary>
    public Account Account { get; }

    /// <summary>Its token.</summary>
    public string Token { get; }

    /// <summary>What Keystone said of the token: <c>token</c> of the answer.</summary>
    public JsonNode TokenBody { get; }

    /// <summary>The ID of its project.</summary>
    public string ProjectId => TokenBody["project"]!["id"]!.ToString();

    /// <summary>The ID of its user.</summary>
    public string UserId => TokenBody["user"]!["id"]!.ToString();

    /// <summary>Lets what the caller does from here on, and whatever it calls, go on after the test's time is up.</summary>
    internal static void OutliveTheTest() => s_outlivesTheTest.Value = true;

    /// <summary>Logs in with the account's password.</summary>
    public static async Task<Wire> LogInAsync(Account account, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using HttpResponseMessage response = await http.PostAsync(new Uri($"{account.AuthUrl}/auth/tokens"), Json(new
        {
            auth = new
            {
                identity = new { methods = new[] { "password" }, password = new { user = new { name = account.User, password = account.Password, domain = new { name = account.Domain } } } },
                scope = new { project = new { name = account.Project, domain = new { name = account.Domain } } },
            },
        }), cancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        response.IsSuccessStatusCode.ShouldBeTrue(text);
        return new(account, response.Headers.GetValues("X-Subject-Token").Single(), JsonNode.Parse(text)!["token"]!);
    }

    /// <summary>The public endpoint of a service type of the account's region, without the last slash; Keystone's is its version 3.</summary>
    public string Endpoint(string service)
        => service == "identity" ? Account.AuthUrl.TrimEnd('/') : Types[service].Select(t => _endpoints.GetValueOrDefault(t)).FirstOrDefault(u => u is not null)
            ?? throw new InvalidOperationException($"the catalog has no {service}");

    /// <summary>Whether the catalog has a service type.</summary>
    public bool Offers(string service) => Types[service].Any(_endpoints.ContainsKey);

    /// <summary>One call.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="service">The service type as <see cref="Endpoint"/> takes it.</param>
    /// <param name="path">The path below the endpoint, from its slash on (<c>/v2.0/ports</c>, <c>/servers</c>), or a whole URL, as links are.</param>
    /// <param name="body">An object to serialize, a node, or text that goes as it is; <c>null</c> sends none.</param>
    /// <param name="headers">More headers, as NAME: VALUE; <c>X-Auth-Token:</c> with no value sends none.</param>
    public async Task<Answer> SendAsync(string method, string service, string path, object? body = null, params string[] headers)
    {
        CancellationToken cancellationToken = Life;
        string url = path.StartsWith("http", StringComparison.Ordinal) ? path : Endpoint(service) + path;
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        request.Headers.Add("X-Auth-Token", Token);
        foreach (string header in headers)
        {
            string[] parts = header.Split(':', 2, StringSplitOptions.TrimEntries);
            request.Headers.Remove(parts[0]);
            if (parts[1].Length > 0) request.Headers.TryAddWithoutValidation(parts[0], parts[1]);
        }

        if (body is not null) request.Content = body is string text ? Content(text) : Json(body);
        using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
        string answer = await response.Content.ReadAsStringAsync(cancellationToken);
        bool json = response.Content.Headers.ContentType?.MediaType == "application/json" && answer.Length > 0;
        return new($"{method} {path}", (int)response.StatusCode, json ? JsonNode.Parse(answer) : null, answer, response.Headers);
    }

    /// <summary>GET.</summary>
    public Task<Answer> GetAsync(string service, string path, params string[] headers) => SendAsync("GET", service, path, null, headers);

    /// <summary>POST.</summary>
    public Task<Answer> PostAsync(string service, string path, object body, params string[] headers) => SendAsync("POST", service, path, body, headers);

    /// <summary>PUT.</summary>
    public Task<Answer> PutAsync(string service, string path, object? body, params string[] headers) => SendAsync("PUT", service, path, body, headers);

    /// <summary>DELETE.</summary>
    public Task<Answer> DeleteAsync(string service, string path, params string[] headers) => SendAsync("DELETE", service, path, null, headers);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static StringContent Json(object body) => Content(body is JsonNode node ? node.ToJsonString() : JsonSerializer.Serialize(body));

    private static StringContent Content(string text) => new(text, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
}
