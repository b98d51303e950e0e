using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;

namespace Tenon.Conformance.Tests.Support;

/// <summary>A plain HTTPS client of an API server: no client library of ours in between, so that a case sees the protocol itself.</summary>
public sealed class KubeWire : IDisposable
{
    /// <summary>The patch types.</summary>
    public const string Merge = "application/merge-patch+json", Strategic = "application/strategic-merge-patch+json",
        JsonPatch = "application/json-patch+json", Apply = "application/apply-patch+yaml";

    private readonly HttpClient _http;

    private KubeWire(HttpClient http) => _http = http;

    /// <summary>The wire of whom a kubeconfig names, or of the bearer of another token.</summary>
    internal static KubeWire For(KubernetesConfiguration configuration, string? token, bool asAdministrator)
    {
        var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None, AllowAutoRedirect = false, UseProxy = false };
        handler.SslOptions.TargetHost = configuration.TlsServerName ?? configuration.Server.Host;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, server, chain, errors) => Trusts(configuration, server, chain, errors);
        if (asAdministrator && configuration.ClientCertificate is { } certificate)
        {
            using X509Certificate2 pem = X509Certificate2.CreateFromPem(certificate, configuration.ClientKey!.Reveal());
            handler.SslOptions.ClientCertificates = [X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)];
        }

        if (asAdministrator)
        {
            token = configuration.Credential switch
            {
                KubernetesCredential.Token given => given.Value.Reveal(),
                KubernetesCredential.TokenFile file => File.ReadAllText(file.Path).Trim(),
                KubernetesCredential.None => null,
                var other => throw new InvalidOperationException($"the conformance cases take a certificate or a token from the kubeconfig, not {other.GetType().Name}"),
            };
        }

        var http = new HttpClient(handler) { BaseAddress = configuration.Server, DefaultRequestVersion = HttpVersion.Version20 };
        http.DefaultRequestHeaders.UserAgent.ParseAdd("tenon-conformance");
        if (!string.IsNullOrEmpty(token)) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new(http);
    }

    /// <summary>One call.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">The path with its query.</param>
    /// <param name="body">An object to serialize, a node, or text that goes as it is; <c>null</c> sends none.</param>
    /// <param name="type">The body's type.</param>
    /// <param name="headers">More headers, as NAME: VALUE.</param>
    public async Task<Answer> SendAsync(string method, string path, object? body = null, string type = "application/json", params string[] headers)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using HttpRequestMessage request = Request(method, path, headers);
        if (body is not null) request.Content = new StringContent(Text(body), Encoding.UTF8, new MediaTypeHeaderValue(type));
        using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
        string answer = await response.Content.ReadAsStringAsync(cancellationToken);
        bool json = response.Content.Headers.ContentType?.MediaType == "application/json" && response.Content.Headers.ContentEncoding.Count == 0 && answer.Length > 0;
        foreach ((string name, IEnumerable<string> values) in response.Content.Headers) response.Headers.TryAddWithoutValidation($"Content.{name}", values);
        return new($"{method} {path}", (int)response.StatusCode, json ? JsonNode.Parse(answer) : null, answer, response.Headers);
    }

    /// <summary>GET.</summary>
    public Task<Answer> GetAsync(string path, params string[] headers) => SendAsync("GET", path, null, "application/json", headers);

    /// <summary>POST.</summary>
    public Task<Answer> PostAsync(string path, object body, params string[] headers) => SendAsync("POST", path, body, "application/json", headers);

    /// <summary>PUT.</summary>
    public Task<Answer> PutAsync(string path, object body, params string[] headers) => SendAsync("PUT", path, body, "application/json", headers);

    /// <summary>PATCH, by default a merge patch.</summary>
    public Task<Answer> PatchAsync(string path, object body, string type = Merge) => SendAsync("PATCH", path, body, type);

    /// <summary>DELETE, with options where given.</summary>
    public Task<Answer> DeleteAsync(string path, object? options = null) => SendAsync("DELETE", path, options);

    /// <summary>Opens a watch, or whatever else answers line by line.</summary>
    public async Task<WatchLines> WatchAsync(string path, params string[] headers)
    {
        using HttpRequestMessage request = Request("GET", path, headers);
        HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return new(response, new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(string method, string path, string[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path.TrimStart('/')) { Version = HttpVersion.Version20 };
        foreach (string header in headers)
        {
            string[] parts = header.Split(':', 2, StringSplitOptions.TrimEntries);
            request.Headers.TryAddWithoutValidation(parts[0], parts[1]);
        }

        return request;
    }

    private static string Text(object body) => body switch
    {
        string text => text,
        JsonNode node => node.ToJsonString(),
        _ => JsonSerializer.Serialize(body),
    };

    private static bool Trusts(KubernetesConfiguration configuration, X509Certificate? server, X509Chain? chain, SslPolicyErrors errors)
    {
        if (configuration.InsecureSkipTlsVerify || errors == SslPolicyErrors.None) return true;
        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0 || server is null || chain is null || configuration.CertificateAuthority is not { } pem) return false;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(pem);
        return chain.Build((X509Certificate2)server);
    }
}

/// <summary>The lines of a watch.</summary>
public sealed class WatchLines(HttpResponseMessage response, StreamReader reader) : IDisposable
{
    /// <summary>The HTTP status.</summary>
    public int Status => (int)response.StatusCode;

    /// <summary>The body's type.</summary>
    public string ContentType => response.Content.Headers.ContentType?.ToString() ?? "";

    /// <summary>The next event; <see langword="null"/> at the end.</summary>
    public async Task<JsonObject?> NextAsync()
    {
        string? line = await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        return line is null ? null : JsonNode.Parse(line)!.AsObject();
    }

    /// <summary>The next event that is no bookmark, as TYPE NAME; <c>end</c> at the end.</summary>
    public async Task<string> NextNameAsync()
    {
        while (await NextAsync() is { } change)
        {
            if (change["type"]!.ToString() != "BOOKMARK") return $"{change["type"]} {change["object"]!["metadata"]?["name"]}";
        }

        return "end";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
    }
}
