using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>The cluster's certificate authority, made at start and forgotten at the end, and what it signs.</summary>
internal sealed class ClusterCertificates : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _from;

    /// <summary>Makes the authority and the server's certificate for 127.0.0.1, ::1, localhost and the cluster's own names.</summary>
    /// <param name="now">The present time.</param>
    /// <param name="serviceAddresses">The addresses of the <c>kubernetes</c> Service.</param>
    public ClusterCertificates(DateTimeOffset now, params IEnumerable<IPAddress> serviceAddresses)
    {
        // TLS peers judge validity by their own clock, which may not be the sandbox's.
        _from = now.AddDays(-1);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubernetes", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(_from, _from + Lifetime + TimeSpan.FromDays(2));
        AuthorityPem = _authority.ExportCertificatePem();

        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        foreach (string name in (ReadOnlySpan<string>)["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]) names.AddDnsName(name);
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        foreach (IPAddress address in serviceAddresses) names.AddIpAddress(address);
        (X509Certificate2 certificate, ECDsa serverKey) = Sign("CN=kube-apiserver", "1.3.6.1.5.5.7.3.1", names);
        using (certificate)
        using (serverKey)
        {
            // The TLS stack wants the key inside a PKCS#12 container.
            using X509Certificate2 withKey = certificate.CopyWithPrivateKey(serverKey);
            Server = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
        }
    }

    /// <summary>The authority's certificate.</summary>
    public string AuthorityPem { get; }

    /// <summary>The server's certificate with its key.</summary>
    public X509Certificate2 Server { get; }

    /// <summary>Issues a client certificate: the common name is the user, the organizations are the groups.</summary>
    /// <returns>Certificate and key as PEM.</returns>
    public (string Certificate, string Key) IssueClient(string user, params IEnumerable<string> groups)
    {
        var subject = new X500DistinguishedNameBuilder();
        foreach (string group in groups) subject.AddOrganizationName(group);
        subject.AddCommonName(user);
        (X509Certificate2 certificate, ECDsa key) = Sign(subject.Build().Name, "1.3.6.1.5.5.7.3.2", null);
        using (certificate)
        using (key) return (certificate.ExportCertificatePem(), key.ExportECPrivateKeyPem());
    }

    /// <summary>Whether a client certificate was signed by this authority and is valid now.</summary>
    public bool Trusts(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _authority.Dispose();
        Server.Dispose();
    }

    /// <summary>A kubeconfig that identifies itself by a client certificate.</summary>
    public string Kubeconfig(string url, string user, params IEnumerable<string> groups)
    {
        (string certificate, string key) = IssueClient(user, groups);
        return Kubeconfig(url, user,
            $"    client-certificate-data: {Encode(certificate)}\n    client-key-data: {Encode(key)}\n");
    }

    /// <summary>A kubeconfig that identifies itself by a bearer token.</summary>
    public string TokenKubeconfig(string url, string user, string token) => Kubeconfig(url, user, $"    token: {token}\n");

    private string Kubeconfig(string url, string user, string credentials) =>
        $"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: sandbox
          cluster:
            server: {url}
            certificate-authority-data: {Encode(AuthorityPem)}
        users:
        - name: {user}
          user:
        {credentials}contexts:
        - name: sandbox
          context:
            cluster: sandbox
            user: {user}
            namespace: default
        current-context: sandbox

        """;

    private (X509Certificate2 Certificate, ECDsa Key) Sign(string subject, string purpose, SubjectAlternativeNameBuilder? names)
    {
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        if (names is not null) request.CertificateExtensions.Add(names.Build());
        return (request.Create(_authority, _from, _from + Lifetime, RandomNumberGenerator.GetBytes(16)), key);
    }

    private static string Encode(string pem) => Convert.ToBase64String(Encoding.ASCII.GetBytes(pem));
}
