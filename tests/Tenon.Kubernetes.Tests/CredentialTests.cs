using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Testing;

namespace Tenon.Kubernetes.Tests;

public sealed class CredentialTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("credentials-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private static X509Certificate2 Signed(X509Certificate2 authority, string name, string usage, params string[] dns)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        var names = new SubjectAlternativeNameBuilder();
        foreach (string n in dns) names.AddDnsName(n);
        if (dns.Length == 0) names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 bare = request.Create(authority, now.AddHours(-1), now.AddHours(1), RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }

    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private static async Task<KubernetesFailure?> TryAsync(ScriptedApi api, KubernetesConfiguration configuration)
    {
        using KubernetesClient client = api.Client(new() { MaxAttempts = 1 }, configuration);
        try
        {
            await client.GetRawAsync("/version", Token);
            return null;
        }
        catch (KubernetesException e)
        {
            return e.Failure;
        }
    }

    [Fact(Timeout = 20_000)]
    public async Task The_server_must_be_signed_by_the_authority_and_have_the_name()
    {
        using X509Certificate2 authority = Authority("ca"), other = Authority("ca");
        using X509Certificate2 right = Signed(authority, "server", ServerUse), named = Signed(authority, "server", ServerUse, "kube.example");
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => ScriptedApi.AnswerAsync(c, 200, "{}"), right);
        await using ScriptedApi renamed = await ScriptedApi.StartAsync(c => ScriptedApi.AnswerAsync(c, 200, "{}"), named);
        var trusted = new KubernetesConfiguration { Server = api.Address, CertificateAuthority = authority.ExportCertificatePem() };
        (await TryAsync(api, trusted)).ShouldBeNull();
        (await TryAsync(api, trusted with { CertificateAuthority = other.ExportCertificatePem() + "\n" + authority.ExportCertificatePem() })).ShouldBeNull();
        (await TryAsync(api, trusted with { CertificateAuthority = right.ExportCertificatePem() })).ShouldBeNull("the server's own certificate may be trusted");
        (await TryAsync(api, trusted with { CertificateAuthority = other.ExportCertificatePem() })).ShouldBe(KubernetesFailure.Unreachable);
        (await TryAsync(api, trusted with { CertificateAuthority = null })).ShouldBe(KubernetesFailure.Unreachable);
        (await TryAsync(api, trusted with { CertificateAuthority = null, InsecureSkipTlsVerify = true })).ShouldBeNull();
        (await TryAsync(renamed, trusted)).ShouldBe(KubernetesFailure.Unreachable, "the certificate has another name");
        (await TryAsync(renamed, trusted with { TlsServerName = "kube.example" })).ShouldBeNull();
    }

    [Fact(Timeout = 20_000)]
    public async Task A_renewed_authority_is_trusted_without_a_restart()
    {
        using X509Certificate2 authority = Authority("ca"), other = Authority("ca");
        using X509Certificate2 server = Signed(authority, "server", ServerUse);
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => ScriptedApi.AnswerAsync(c, 200, "{}"), server);
        string file = Path.Combine(_folder, "ca.crt");
        await File.WriteAllTextAsync(file, other.ExportCertificatePem(), Token);
        using KubernetesClient client = api.Client(new() { MaxAttempts = 1 }, new KubernetesConfiguration
        {
            Server = api.Address,
            CertificateAuthority = other.ExportCertificatePem(),
            Files = new CertificateFiles { Authority = file },
        });
        await Should.ThrowAsync<KubernetesException>(() => client.GetRawAsync("/version", Token));
        await File.WriteAllTextAsync(file, authority.ExportCertificatePem(), Token);
        (await client.GetRawAsync("/version", Token)).ShouldBe("{}");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_renewed_client_certificate_is_shown_without_a_restart_and_a_broken_one_is_not()
    {
        using X509Certificate2 authority = Authority("ca"), server = Signed(authority, "server", ServerUse);
        string? seen = null;
        await using ScriptedApi api = await ScriptedApi.StartAsync(
            async c =>
            {
                seen = (await c.Connection.GetClientCertificateAsync(Token))?.Subject;
                await ScriptedApi.AnswerAsync(c, 200, "{}");
            },
            server,
            https =>
            {
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (_, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None;
            });
        var time = new ManualTimeProvider();
        (string certificate, string key) = WriteClient(authority, "first");
        using var client = new KubernetesClient(new KubernetesConfiguration
        {
            Server = api.Address,
            CertificateAuthority = authority.ExportCertificatePem(),
            ClientCertificate = await File.ReadAllTextAsync(certificate, Token),
            ClientKey = new Secret(await File.ReadAllTextAsync(key, Token)),
            Files = new CertificateFiles { Certificate = certificate, Key = key },
        }, new() { MaxAttempts = 1 }, time);
        await ShouldShowAsync("CN=first");
        await File.WriteAllTextAsync(certificate, "half a certif", Token);
        time.Advance(TimeSpan.FromMinutes(1));
        await ShouldShowAsync("CN=first");
        WriteClient(authority, "second");
        time.Advance(TimeSpan.FromMinutes(1));
        await ShouldShowAsync("CN=second");

        async Task ShouldShowAsync(string subject)
        {
            await client.GetRawAsync("/version", Token);
            seen.ShouldBe(subject);
        }
    }

    private (string Certificate, string Key) WriteClient(X509Certificate2 authority, string name)
    {
        using X509Certificate2 made = Signed(authority, name, ClientUse);
        string certificate = Path.Combine(_folder, "client.crt"), key = Path.Combine(_folder, "client.key");
        File.WriteAllText(certificate, made.ExportCertificatePem());
        File.WriteAllText(key, made.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return (certificate, key);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_client_certificate_is_shown()
    {
        using X509Certificate2 authority = Authority("ca"), server = Signed(authority, "server", ServerUse), mine = Signed(authority, "tenon-user", ClientUse);
        string? seen = null;
        await using ScriptedApi api = await ScriptedApi.StartAsync(
            async c =>
            {
                seen = (await c.Connection.GetClientCertificateAsync(Token))?.Subject;
                await ScriptedApi.AnswerAsync(c, 200, "{}");
            },
            server,
            https =>
            {
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (_, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None;
            });
        using var key = mine.GetECDsaPrivateKey()!;
        (await TryAsync(api, new KubernetesConfiguration
        {
            Server = api.Address,
            CertificateAuthority = authority.ExportCertificatePem(),
            ClientCertificate = mine.ExportCertificatePem(),
            ClientKey = new Secret(key.ExportPkcs8PrivateKeyPem()),
        })).ShouldBeNull();
        seen.ShouldBe("CN=tenon-user");
    }

    private KubernetesConfiguration Exec(ScriptedApi api, string script)
    {
        string path = Path.Combine(_folder, "plugin.sh");
        File.WriteAllText(path, "#!/bin/sh\n" + script);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new KubernetesConfiguration
        {
            Server = api.Address,
            Credential = new KubernetesCredential.Exec(path)
            {
                Arguments = ["one"],
                Environment = [KeyValuePair.Create("EXTRA", "two"), KeyValuePair.Create("FOLDER", _folder)],
                ProvideClusterInfo = true,
                InstallHint = "install it",
            },
        };
    }

    [Fact(Timeout = 20_000)]
    [Trait("tier", "slow")]
    public async Task An_exec_plugin_is_asked_once_and_again_when_its_answer_is_refused()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => c.Request.Headers.Authorization == "Bearer run-1-one-two" && c.Request.Path == "/refuse"
            ? ScriptedApi.StatusAsync(c, 401, "Unauthorized") : ScriptedApi.AnswerAsync(c, 200, (string?)c.Request.Headers.Authorization ?? "none"));
        KubernetesConfiguration configuration = Exec(api, """
            echo x >> "$FOLDER/runs"
            echo "$KUBERNETES_EXEC_INFO" > "$FOLDER/info"
            n=$(wc -l < "$FOLDER/runs" | tr -d ' ')
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"run-'$n'-'$1'-'$EXTRA'","expirationTimestamp":"2099-01-01T00:00:00Z"}}'
            """);
        using KubernetesClient client = api.Client(configuration: configuration);
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => client.GetRawAsync("/x", Token)));
        answers.ShouldAllBe(a => a == "Bearer run-1-one-two");
        (await client.GetRawAsync("/refuse", Token)).ShouldBe("Bearer run-2-one-two");
        (await File.ReadAllTextAsync(Path.Combine(_folder, "info"), Token)).ShouldContain($"\"server\":\"{api.Address.ToString().TrimEnd('/')}\"");
    }

    [Fact(Timeout = 20_000)]
    [Trait("tier", "slow")]
    public async Task An_expired_answer_of_an_exec_plugin_is_asked_for_again()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => ScriptedApi.AnswerAsync(c, 200, (string?)c.Request.Headers.Authorization ?? "none"));
        KubernetesConfiguration configuration = Exec(api, """
            echo x >> "$FOLDER/runs"
            n=$(wc -l < "$FOLDER/runs" | tr -d ' ')
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"run-'$n'","expirationTimestamp":"2001-01-01T00:00:00Z"}}'
            """);
        using KubernetesClient client = api.Client(configuration: configuration);
        (await client.GetRawAsync("/x", Token)).ShouldBe("Bearer run-1");
        (await client.GetRawAsync("/x", Token)).ShouldBe("Bearer run-2");
    }

    [Theory(Timeout = 20_000)]
    [Trait("tier", "slow")]
    [InlineData("echo no luck >&2; exit 3", "it ended with 3: no luck")]
    [InlineData("echo '{\"secret-token\":1'", "its answer cannot be read")]
    [InlineData("echo '{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\"}'", "instead of client.authentication.k8s.io/v1")]
    [InlineData("echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{}}'", "neither token nor")]
    public async Task A_failing_exec_plugin_says_what_is_wrong(string script, string message)
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => ScriptedApi.AnswerAsync(c, 200, "{}"));
        using KubernetesClient client = api.Client(configuration: Exec(api, script));
        KubernetesException e = await Should.ThrowAsync<KubernetesException>(client.GetRawAsync("/x", Token));
        e.Failure.ShouldBe(KubernetesFailure.Unauthorized);
        e.Message.ShouldContain(message);
        e.ToString().ShouldNotContain("secret-token");
        api.Requests.ShouldBeEmpty();
    }

    [Fact(Timeout = 20_000)]
    public async Task A_missing_exec_plugin_tells_how_to_get_it()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => ScriptedApi.AnswerAsync(c, 200, "{}"));
        var configuration = new KubernetesConfiguration
        {
            Server = api.Address,
            Credential = new KubernetesCredential.Exec("no-such-program-anywhere") { InstallHint = "Install it from the shop." },
        };
        using KubernetesClient client = api.Client(configuration: configuration);
        (await Should.ThrowAsync<KubernetesException>(client.GetAsync<Node>(new("", "n-1"), Token))).Message.ShouldContain("Install it from the shop.");
    }
}
