using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Kubernetes.Client;

/// <summary>
/// An external program that tells who we are: the exec plugins of kubeconfig (client.authentication.k8s.io/v1 and v1beta1). The answer is
/// kept until it expires or is refused; all callers share one run.
/// </summary>
internal sealed class ExecSource(KubernetesCredential.Exec exec, KubernetesConfiguration configuration, TimeProvider time)
    : CredentialSource, IDisposable
{
    /// <summary>How long before its expiry an answer is no longer used.</summary>
    private static readonly TimeSpan s_leeway = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private Proof? _proof;
    private DateTimeOffset? _expires;

    public override async ValueTask<Proof> GetAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_proof is { } known && (_expires is null || time.GetUtcNow() < _expires - s_leeway)) return known;
            (_proof, _expires) = Read(await RunAsync(cancellationToken));
            return _proof;
        }
        finally
        {
            _gate.Release();
        }
    }

    public override bool Refused(Proof proof)
    {
        // Another caller may have renewed it since; only the refused one is thrown away.
        Interlocked.CompareExchange(ref _proof, null, proof);
        return true;
    }

    public void Dispose() => _gate.Dispose();

    private async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        if (exec.InteractiveMode == "Always") throw Failed("it wants to ask a person, and there is none here: set interactiveMode to IfAvailable or Never");
        var start = new ProcessStartInfo(exec.Command)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (string argument in exec.Arguments) start.ArgumentList.Add(argument);
        foreach ((string name, string value) in exec.Environment) start.Environment[name] = value;
        start.Environment["KUBERNETES_EXEC_INFO"] = Info().ToJsonString();

        using var limit = new CancellationTokenSource(s_timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw Failed($"it cannot be started: {e.Message}.{(exec.InstallHint is { } hint ? " " + hint.Trim() : "")}", e);
        }

        try
        {
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(both.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(both.Token);
            await process.WaitForExitAsync(both.Token);
            string said = (await errors).Trim();
            string result = await output;
            return process.ExitCode == 0
                ? result
                : throw Failed($"it ended with {process.ExitCode}{(said.Length == 0 ? "" : ": " + said[^Math.Min(said.Length, 500)..])}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed("it gave no answer within a minute");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private JsonObject Info()
    {
        var spec = new JsonObject { ["interactive"] = false };
        if (exec.ProvideClusterInfo)
        {
            var cluster = new JsonObject { ["server"] = configuration.Server.ToString().TrimEnd('/') };
            if (configuration.TlsServerName is { } name) cluster["tls-server-name"] = name;
            if (configuration.InsecureSkipTlsVerify) cluster["insecure-skip-tls-verify"] = true;
            if (configuration.CertificateAuthority is { } ca) cluster["certificate-authority-data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(ca));
            if (configuration.Proxy is { } proxy) cluster["proxy-url"] = proxy.ToString();
            spec["cluster"] = cluster;
        }

        return new JsonObject { ["apiVersion"] = exec.ApiVersion, ["kind"] = "ExecCredential", ["spec"] = spec };
    }

    private (Proof Proof, DateTimeOffset? Expires) Read(string output)
    {
        try
        {
            using var document = JsonDocument.Parse(output);
            JsonElement root = document.RootElement;
            string? version = Text(root, "apiVersion");
            if (Text(root, "kind") != "ExecCredential" || version != exec.ApiVersion)
                throw Failed($"it answered with {version ?? "no apiVersion"} {Text(root, "kind")} instead of {exec.ApiVersion} ExecCredential");
            if (!root.TryGetProperty("status", out JsonElement status) || status.ValueKind != JsonValueKind.Object)
                throw Failed("its answer has no status");
            string? token = Text(status, "token");
            string? certificate = Text(status, "clientCertificateData");
            string? key = Text(status, "clientKeyData");
            if (token is null && certificate is null) throw Failed("its answer has neither token nor clientCertificateData");
            if (certificate is null != key is null) throw Failed("its answer has only one of clientCertificateData and clientKeyData");
            DateTimeOffset? expires = status.TryGetProperty("expirationTimestamp", out JsonElement e) && e.ValueKind == JsonValueKind.String
                ? e.GetDateTimeOffset() : null;
            X509Certificate2? pair = certificate is null ? null : X509Certificate2.CreateFromPem(certificate, key);
            return ((token is null ? Proof.Nothing : Proof.Bearer(token)) with { Certificate = pair }, expires);
        }
        catch (Exception e) when (e is JsonException or FormatException or CryptographicException)
        {
            // The output may hold a token: it is never quoted.
            throw Failed($"its answer cannot be read ({e.GetType().Name})");
        }
    }

    private static string? Text(JsonElement element, string name)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            && value.GetString() is { Length: > 0 } text ? text : null;

    private KubernetesException Failed(string what, Exception? inner = null)
        => new("credentials", KubernetesFailure.Unauthorized, $"exec plugin \"{exec.Command}\": {what}", inner);
}
