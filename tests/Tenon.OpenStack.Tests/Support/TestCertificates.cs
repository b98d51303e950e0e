using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tenon.OpenStack.Tests.Support;

/// <summary>An authority, an intermediate below it, and what they sign, made for one test.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly string _directory = Directory.CreateTempSubdirectory("tenon-tls-").FullName;
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _intermediate;
    private int _serial = 10;

    public TestCertificates()
    {
        _root = Make("CN=Test root", null, authority: true);
        _intermediate = Make("CN=Test intermediate", _root, authority: true);
    }

    public string RootFile => WritePem("root.pem", _root.ExportCertificatePem());

    public string IntermediateFile => WritePem("intermediate.pem", _intermediate.ExportCertificatePem());

    public string OtherRootFile => WritePem("other.pem", Make("CN=Somebody else", null, authority: true).ExportCertificatePem());

    /// <summary>A server's certificate for 127.0.0.1, or for a name.</summary>
    public X509Certificate2 Server(string? name = null, bool byIntermediate = false)
        => Make("CN=server", byIntermediate ? _intermediate : _root, authority: false, name ?? "127.0.0.1");

    /// <summary>A client's certificate, in files.</summary>
    public (string Certificate, string Key, string Thumbprint) Client()
    {
        X509Certificate2 client = Make("CN=client", _root, authority: false, "client");
        return (
            WritePem("client.pem", client.ExportCertificatePem()),
            WritePem("client.key", client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
            client.Thumbprint);
    }

    public string WritePem(string name, string text)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private X509Certificate2 Make(string subject, X509Certificate2? issuer, bool authority, string? name = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        if (name is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            if (IPAddress.TryParse(name, out IPAddress? address)) names.AddIpAddress(address);
            else names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
        }

        DateTimeOffset until = From.AddYears(100);
        if (issuer is null) return request.CreateSelfSigned(From, until);
        using X509Certificate2 signed = request.Create(issuer, From, issuer.NotAfter, BitConverter.GetBytes(Interlocked.Increment(ref _serial)));
        using X509Certificate2 withKey = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }
}
