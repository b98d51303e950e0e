using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tenon.Sandbox.Tests.Kubernetes;

/// <summary>A sandbox without controllers or nodes, and an HTTPS client that speaks to its API server as an administrator.</summary>
public sealed partial class TestCluster : IAsyncLifetime
{
    private readonly List<HttpClient> _clients = [];
    private int _names;

    public SandboxHost Host { get; private set; } = null!;

    public ApiClient Admin { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await SandboxHost.StartAsync(new SandboxOptions { SeedWorld = false, Controllers = "none" }, TestContext.Current.CancellationToken);
        Admin = Client(certificate: true);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (HttpClient client in _clients) client.Dispose();
        await Host.DisposeAsync();
    }

    /// <summary>A client with the administrator's certificate, a bearer token, or neither.</summary>
    public ApiClient Client(bool certificate = false, string? token = null)
    {
        X509Certificate2 authority = X509Certificate2.CreateFromPem(Decode("certificate-authority-data"));
        var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, server, chain, errors) =>
        {
            if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0 || server is null || chain is null) return false;
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            return chain.Build((X509Certificate2)server);
        };
        if (certificate)
        {
            using X509Certificate2 pem = X509Certificate2.CreateFromPem(Decode("client-certificate-data"), Decode("client-key-data"));
            handler.SslOptions.ClientCertificates = [X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)];
        }

        var client = new HttpClient(handler) { BaseAddress = new Uri(Host.Kubernetes.Address), DefaultRequestVersion = HttpVersion.Version20 };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _clients.Add(client);
        return new ApiClient(client);
    }

    /// <summary>Makes a namespace for one test.</summary>
    public async Task<string> NamespaceAsync()
    {
        string name = $"test-{Interlocked.Increment(ref _names)}";
        Answer made = await Admin.PostAsync("/api/v1/namespaces", $$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{name}}"} }""");
        made.Status.ShouldBe(201);
        return name;
    }

    private string Decode(string field) => Encoding.ASCII.GetString(Convert.FromBase64String(
        Data().Matches(Host.Kubeconfig).First(m => m.Groups["name"].Value == field).Groups["value"].Value));

    [GeneratedRegex(@"(?<name>[a-z-]+-data): (?<value>[A-Za-z0-9+/=]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Data();
}

/// <summary>An answer of the API server.</summary>
public sealed record Answer(int Status, JsonNode Body, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public string? Text(params ReadOnlySpan<string> path)
    {
        JsonNode? node = At(path);
        return node is null ? null : node is JsonValue value && value.TryGetValue(out string? text) ? text : node.ToJsonString();
    }

    public JsonNode? At(params ReadOnlySpan<string> path)
    {
        JsonNode? node = Body;
        foreach (string step in path) node = int.TryParse(step, out int index) ? node?[index] : node?[step];
        return node;
    }
}

/// <summary>Speaks to an API server.</summary>
public sealed class ApiClient(HttpClient http)
{
    public const string Merge = "application/merge-patch+json";
    public const string Strategic = "application/strategic-merge-patch+json";
    public const string Json = "application/json-patch+json";
    public const string Apply = "application/apply-patch+yaml";

    public HttpClient Http => http;

    public Task<Answer> GetAsync(string path, string? accept = null) => SendAsync("GET", path, accept: accept);

    public Task<Answer> PostAsync(string path, string body) => SendAsync("POST", path, body);

    public Task<Answer> PutAsync(string path, JsonNode body) => SendAsync("PUT", path, body.ToJsonString());

    public Task<Answer> PatchAsync(string path, string body, string type = Merge) => SendAsync("PATCH", path, body, type);

    public Task<Answer> DeleteAsync(string path, string? body = null) => SendAsync("DELETE", path, body);

    public async Task<Answer> SendAsync(
        string method, string path, string? body = null, string type = "application/json", string? accept = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Version = HttpVersion.Version20 };
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, type);
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        JsonNode node = text.StartsWith('{') ? JsonNode.Parse(text)! : JsonValue.Create(text);
        return new((int)response.StatusCode, node, response.Headers, response.Content.Headers);
    }

    /// <summary>Opens a watch; read lines until it ends.</summary>
    public async Task<WatchStream> WatchAsync(string path)
    {
        HttpResponseMessage response = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return new(response, new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
    }
}

/// <summary>The events of a watch.</summary>
public sealed class WatchStream(HttpResponseMessage response, StreamReader reader) : IDisposable
{
    public int Status => (int)response.StatusCode;

    /// <summary>The next event; <see langword="null"/> at the end.</summary>
    public async Task<JsonNode?> NextAsync()
    {
        string? line = await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        return line is null ? null : JsonNode.Parse(line);
    }

    /// <summary>Type and name of the next event.</summary>
    public async Task<string> NextNameAsync() => await NextAsync() is { } change ? $"{change["type"]} {change["object"]!["metadata"]!["name"]}" : "end";

    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
    }
}
