using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tenon.CommandLine;

namespace Tenon.CloudControllers;

/// <summary>The certificate of health and metrics: the operator's, or one that is made at start, as openstack-cloud-controller-manager does.</summary>
internal static class ServingCertificate
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    /// <summary>Reads the given files, or makes a certificate where none are given.</summary>
    /// <exception cref="CommandException">One file without the other, or files that hold no certificate and key.</exception>
    public static X509Certificate2 Open(string? certificateFile, string? keyFile)
    {
        if (string.IsNullOrEmpty(certificateFile) != string.IsNullOrEmpty(keyFile))
            throw new CommandException(ExitCode.Usage, "--tls-cert-file and --tls-private-key-file go together: give both or neither.");
        if (string.IsNullOrEmpty(certificateFile)) return Make();
        try
        {
            return X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Usage, $"--tls-cert-file \"{certificateFile}\", --tls-private-key-file \"{keyFile}\": {e.Message.TrimEnd('.')}. Give a PEM certificate and its key.");
        }
    }

    private static X509Certificate2 Make()
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
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
