using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tenon.Testing;

namespace Tenon.Sandbox.Tests.Networking;

/// <summary>A sandbox with an external network and nothing else, asked over HTTP as a client would.</summary>
internal sealed class TestCloud : IAsyncDisposable
{
    private readonly SandboxHost _host;
    private readonly HttpClient _http = new();
    private readonly string _root;
    private string _member = "", _admin = "";

    private TestCloud(SandboxHost host, ManualTimeProvider time)
    {
        _host = host;
        Time = time;
        _root = host.ControlUrl.GetLeftPart(UriPartial.Authority);
    }

    public ManualTimeProvider Time { get; }

    public SandboxHost Host => _host;

    public string Root => _root;

    /// <summary>The external network and its subnet.</summary>
    public string External { get; private set; } = "";

    public static async Task<TestCloud> StartAsync(Func<SandboxOptions, SandboxOptions>? change = null)
    {
        var time = new ManualTimeProvider();
        var options = new SandboxOptions { SeedWorld = false, Controllers = "none", TimeProvider = time, AdvanceClock = time.Advance };
        SandboxHost host = await SandboxHost.StartAsync(change?.Invoke(options) ?? options, TestContext.Current.CancellationToken);
        var cloud = new TestCloud(host, time);
        cloud._member = await cloud.TokenAsync("demo");
        cloud._admin = await cloud.TokenAsync("admin");
        cloud.External = await cloud.Create("network", "/v2.0/networks", """{"network": {"name": "public", "router:external": true}}""", admin: true);
        await cloud.Create(
            "network", "/v2.0/subnets",
            $$$"""{"subnet": {"network_id": "{{{cloud.External}}}", "ip_version": 4, "cidr": "172.24.4.0/24", "enable_dhcp": false}}""", admin: true);
        return cloud;
    }

    public Task<Reply> Network(string method, string path, string? body = null, bool admin = false, string? ifMatch = null)
        => Send("network", method, path, body, admin, ifMatch);

    public Task<Reply> Balancer(string method, string path, string? body = null, bool admin = false) => Send("load-balancer", method, path, body, admin, null);

    public async Task<Reply> Send(string service, string method, string path, string? body, bool admin, string? ifMatch)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"{_root}/{service}{path}");
        request.Headers.Add("X-Auth-Token", admin ? _admin : _member);
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Reply((int)response.StatusCode, text);
    }

    /// <summary>Creates something and gives its ID.</summary>
    public async Task<string> Create(string service, string path, string body, bool admin = false)
    {
        Reply reply = await Send(service, "POST", path, body, admin, null);
        reply.Status.ShouldBe(201, reply.Text);
        return reply.Json.AsObject().First().Value!["id"]!.GetValue<string>();
    }

    /// <summary>A network with one IPv4 subnet.</summary>
    public async Task<(string Network, string Subnet)> CreateNetwork(string cidr)
    {
        string network = await Create("network", "/v2.0/networks", """{"network": {"name": "n"}}""");
        string subnet = await Create("network", "/v2.0/subnets", $$$"""{"subnet": {"network_id": "{{{network}}}", "ip_version": 4, "cidr": "{{{cidr}}}"}}""");
        return (network, subnet);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    private async Task<string> TokenAsync(string name)
    {
        var body = new
        {
            auth = new
            {
                identity = new { methods = (string[])["password"], password = new { user = new { name, domain = new { id = "default" }, password = "secret" } } },
                scope = new { project = new { name, domain = new { id = "default" } } },
            },
        };
        using HttpResponseMessage response = await _http.PostAsJsonAsync(new Uri(_host.AuthUrl + "/auth/tokens"), body, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(System.Net.HttpStatusCode.Created);
        return response.Headers.GetValues("X-Subject-Token").Single();
    }
}

/// <summary>An answer.</summary>
internal sealed partial record Reply(int Status, string Text)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    /// <summary>The only thing in the body.</summary>
    public JsonNode One => Json.AsObject().First().Value!;

    public string Id => One["id"]!.GetValue<string>();

    /// <summary>
    /// Compares status and whole body with a literal, in which UUID, TIME, HEX, MAC, ADDRESS and NUMBER stand for any of their kind.
    /// </summary>
    public void ShouldBe(int status, string body)
    {
        Status.ShouldBe(status, Text);
        Difference("", JsonNode.Parse(body), JsonNode.Parse(Text)).ShouldBeNull(Text);
    }

    /// <summary>Compares a refusal of Neutron with its literal wording.</summary>
    public void ShouldRefuse(int status, string type, string message)
    {
        Status.ShouldBe(status, Text);
        Json["NeutronError"]!["type"]!.GetValue<string>().ShouldBe(type);
        Json["NeutronError"]!["message"]!.GetValue<string>().ShouldBe(message);
        Json["NeutronError"]!["detail"]!.GetValue<string>().ShouldBe("");
    }

    /// <summary>Compares a refusal of Octavia with its literal wording.</summary>
    public void ShouldFault(int status, string message)
    {
        Status.ShouldBe(status, Text);
        Json["faultstring"]!.GetValue<string>().ShouldBe(message);
        Json["faultcode"]!.GetValue<string>().ShouldBe(status < 500 ? "Client" : "Server");
        Json.AsObject().ContainsKey("debuginfo").ShouldBeTrue();
    }

    private static string? Difference(string path, JsonNode? expected, JsonNode? actual)
    {
        switch (expected)
        {
            case JsonObject wanted:
                if (actual is not JsonObject given) return $"{path}: no object";
                string[] names = [.. wanted.Select(p => p.Key).Order()], has = [.. given.Select(p => p.Key).Order()];
                if (!names.SequenceEqual(has)) return $"{path}: expected {string.Join(",", names.Except(has))}, unexpected {string.Join(",", has.Except(names))}";
                return wanted.Select(p => Difference($"{path}/{p.Key}", p.Value, given[p.Key])).FirstOrDefault(d => d is not null);
            case JsonArray wantedItems:
                if (actual is not JsonArray items || items.Count != wantedItems.Count) return $"{path}: {actual?.ToJsonString()}";
                return wantedItems.Select((w, i) => Difference($"{path}/{i}", w, items[i])).FirstOrDefault(d => d is not null);
            default:
                string wantedText = expected?.ToJsonString() ?? "null", text = actual?.ToJsonString() ?? "null";
                bool same = wantedText switch
                {
                    "\"UUID\"" => Uuid().IsMatch(text),
                    "\"TIME\"" => Instant().IsMatch(text),
                    "\"HEX\"" => Hex().IsMatch(text),
                    "\"MAC\"" => Mac().IsMatch(text),
                    "\"ADDRESS\"" => System.Net.IPAddress.TryParse(text.Trim('"'), out _),
                    "\"NUMBER\"" => int.TryParse(text, out _),
                    _ => wantedText == text,
                };
                return same ? null : $"{path}: expected {wantedText}, was {text}";
        }
    }

    [GeneratedRegex("^\"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\"$")]
    private static partial Regex Uuid();

    [GeneratedRegex("^\"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ?\"$")]
    private static partial Regex Instant();

    [GeneratedRegex("^\"[0-9a-f]{32}\"$")]
    private static partial Regex Hex();

    [GeneratedRegex("^\"fa:16:3e(:[0-9a-f]{2}){3}\"$")]
    private static partial Regex Mac();
}
