using System.Security.Cryptography.X509Certificates;
using Tenon.OpenStack.Tests.Support;
using Tenon.Testing;

namespace Tenon.OpenStack.Tests;

public sealed class TlsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _certificates.Dispose();

    private async Task<Exception?> ConnectAsync(X509Certificate2 server, TlsSettings tls, Func<X509Certificate2, bool>? acceptClient = null)
    {
        await using ScriptedCloud cloud = await ScriptedCloud.StartAsync(server, acceptClient);
        await using CloudClient client = cloud.Connect(credentials: cloud.Credentials with { Tls = tls });
        Exception? error = await Record.ExceptionAsync(() => client.Identity.GetSelfAsync(Ct));
        if (error is null) cloud.Authentications.ShouldBe(1);
        else cloud.Authentications.ShouldBe(0);
        return error;
    }

    private static void ShouldBeTls(Exception? error)
    {
        OpenStackException failure = error.ShouldBeOfType<OpenStackException>();
        (failure.Kind, failure.IsTransient).ShouldBe((OpenStackErrorKind.Tls, false));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_server_of_the_given_authority_is_trusted()
        => (await ConnectAsync(_certificates.Server(), new() { CaFile = _certificates.RootFile })).ShouldBeNull();

    [Fact(Timeout = 30_000)]
    public async Task An_intermediate_in_the_authorities_file_is_enough()
        => (await ConnectAsync(_certificates.Server(byIntermediate: true), new() { CaFile = _certificates.IntermediateFile })).ShouldBeNull();

    [Fact(Timeout = 30_000)]
    public async Task A_bundle_of_authorities_is_read_whole()
    {
        string bundle = File.ReadAllText(_certificates.OtherRootFile) + "\n" + File.ReadAllText(_certificates.RootFile);
        (await ConnectAsync(_certificates.Server(), new() { CaFile = _certificates.WritePem("bundle.pem", bundle) })).ShouldBeNull();
    }

    [Fact(Timeout = 30_000)]
    public async Task An_unknown_authority_is_refused()
    {
        ShouldBeTls(await ConnectAsync(_certificates.Server(), new()));
        ShouldBeTls(await ConnectAsync(_certificates.Server(), new() { CaFile = _certificates.OtherRootFile }));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_certificate_for_another_name_is_refused_even_by_the_right_authority()
        => ShouldBeTls(await ConnectAsync(_certificates.Server("elsewhere.example.org"), new() { CaFile = _certificates.RootFile }));

    [Fact(Timeout = 30_000)]
    public async Task Insecure_accepts_anything()
        => (await ConnectAsync(_certificates.Server("elsewhere.example.org"), new() { Insecure = true })).ShouldBeNull();

    [Fact(Timeout = 30_000)]
    public async Task A_client_certificate_is_shown()
    {
        (string certificate, string key, string thumbprint) = _certificates.Client();
        string root = _certificates.RootFile;
        var tls = new TlsSettings { CaFile = root, ClientCertificateFile = certificate, ClientKeyFile = key };
        (await ConnectAsync(_certificates.Server(), tls, c => c.Thumbprint == thumbprint)).ShouldBeNull();
        string both = _certificates.WritePem("both.pem", File.ReadAllText(certificate) + "\n" + File.ReadAllText(key));
        (await ConnectAsync(_certificates.Server(), new() { CaFile = root, ClientCertificateFile = both }, c => c.Thumbprint == thumbprint)).ShouldBeNull();
        (await ConnectAsync(_certificates.Server(), new() { CaFile = root }, c => c.Thumbprint == thumbprint)).ShouldBeOfType<OpenStackException>();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_file_that_cannot_be_used_is_named()
    {
        string nonsense = _certificates.WritePem("nonsense.pem", "nonsense");
        foreach (TlsSettings tls in new TlsSettings[]
        {
            new() { CaFile = "/nowhere/ca.pem" },
            new() { CaFile = nonsense },
            new() { ClientCertificateFile = "/nowhere/client.pem" },
            new() { ClientCertificateFile = _certificates.RootFile },
            new() { ClientCertificateFile = _certificates.Client().Certificate, ClientKeyFile = nonsense },
        })
        {
            Exception? error = await ConnectAsync(_certificates.Server(), tls);
            ShouldBeTls(error);
            error!.Message.ShouldContain(tls.ClientKeyFile ?? tls.CaFile ?? tls.ClientCertificateFile!);
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task A_renewed_authority_is_trusted_without_a_restart()
    {
        string file = _certificates.WritePem("renewed.pem", File.ReadAllText(_certificates.OtherRootFile));
        await using ScriptedCloud cloud = await ScriptedCloud.StartAsync(_certificates.Server());
        var time = new ManualTimeProvider();
        await using CloudClient client = cloud.Connect(ScriptedCloud.Fast() with { Time = time }, credentials: cloud.Credentials with { Tls = new() { CaFile = file } });
        ShouldBeTls(await Record.ExceptionAsync(() => client.Identity.GetSelfAsync(Ct)));
        _certificates.WritePem("renewed.pem", File.ReadAllText(_certificates.RootFile));

        // Keystone is not asked again at once after a failure.
        time.Advance(TimeSpan.FromSeconds(2));
        (await client.Identity.GetSelfAsync(Ct)).UserName.ShouldNotBeEmpty();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_renewed_client_certificate_is_shown_without_a_restart()
    {
        (string certificate, string key, string first) = _certificates.Client();
        var time = new ManualTimeProvider();
        string shown = "";
        await using ScriptedCloud cloud = await ScriptedCloud.StartAsync(_certificates.Server(), c => (shown = c.Thumbprint).Length > 0);
        await using CloudClient client = cloud.Connect(
            ScriptedCloud.Fast() with { Time = time }, credentials: cloud.Credentials with { Tls = new() { CaFile = _certificates.RootFile, ClientCertificateFile = certificate, ClientKeyFile = key } });
        await client.Identity.GetSelfAsync(Ct);
        shown.ShouldBe(first);

        (_, _, string second) = _certificates.Client();
        second.ShouldNotBe(first);
        time.Advance(TimeSpan.FromHours(24));
        await client.Identity.GetSelfAsync(Ct);
        shown.ShouldBe(second);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_server_that_speaks_no_TLS_is_an_error_that_says_TLS()
    {
        await using ScriptedCloud cloud = await ScriptedCloud.StartAsync();
        string secure = cloud.Root.Replace("http:", "https:", StringComparison.Ordinal);
        await using CloudClient client = cloud.Connect(credentials: cloud.Credentials with { AuthUrl = new(secure + "/identity") });
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Identity.GetSelfAsync(Ct));
        error.Kind.ShouldBe(OpenStackErrorKind.Tls);
    }
}
