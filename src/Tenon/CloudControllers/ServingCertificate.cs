using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tenon.CommandLine;
using Tenon.Core;

namespace Tenon.CloudControllers;

/// <summary>The certificate of health and metrics: the operator's, read again as it is renewed, or one that is made at start, as openstack-cloud-controller-manager does.</summary>
internal static class ServingCertificate
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    /// <summary>Reads the given files, or makes a certificate where none are given; returns what gives the certificate for a connection.</summary>
    /// <exception cref="CommandException">One file without the other, or files that hold no certificate and key.</exception>
    public static Func<SslStreamCertificateContext> Open(string? certificateFile, string? keyFile, TimeProvider time)
    {
        if (string.IsNullOrEmpty(certificateFile) != string.IsNullOrEmpty(keyFile))
            throw new CommandException(ExitCode.Usage, "--tls-cert-file and --tls-private-key-file go together: give both or neither.");
        if (string.IsNullOrEmpty(certificateFile))
        {
            SslStreamCertificateContext made = Make();
            return () => made;
        }

        var files = new FileBacked<SslStreamCertificateContext>([certificateFile, keyFile!], Read, Period, time);
        try
        {
            _ = files.Get();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Usage, $"--tls-cert-file \"{certificateFile}\", --tls-private-key-file \"{keyFile}\": {e.Message.TrimEnd('.')}. Give a PEM certificate and its key.");
        }

        return files.Get;
    }

    private static SslStreamCertificateContext Read(IReadOnlyList<byte[]> contents)
    {
        string chain = Encoding.UTF8.GetString(contents[0]);
        using X509Certificate2 leaf = X509Certificate2.CreateFromPem(chain, Encoding.UTF8.GetString(contents[1]));
        var others = new X509Certificate2Collection();
        others.ImportFromPem(chain);
        return Context(leaf, [.. others.Skip(1)]);
    }

    private static SslStreamCertificateContext Make()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Dns.GetHostName()}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Dns.GetHostName());
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 made = request.CreateSelfSigned(now.AddHours(-1), now + Lifetime);
        return Context(made, []);
    }

    /// <summary>Keys that exist only in memory must pass through PKCS #12 to be of use to every TLS.</summary>
    private static SslStreamCertificateContext Context(X509Certificate2 pair, X509Certificate2[] others)
        => SslStreamCertificateContext.Create(X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null), [.. others], offline: true);
}
