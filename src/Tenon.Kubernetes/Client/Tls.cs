using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tenon.Kubernetes.Client;

/// <summary>How the server's certificate is checked and ours is shown.</summary>
internal static class Tls
{
    public static SslClientAuthenticationOptions Options(KubernetesConfiguration configuration, X509Certificate2? certificate)
    {
        var options = new SslClientAuthenticationOptions { CertificateRevocationCheckMode = X509RevocationMode.NoCheck };
        if (configuration.InsecureSkipTlsVerify)
        {
#pragma warning disable CA5359 // insecure-skip-tls-verify asks for exactly this
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (configuration.CertificateAuthority is { } pem)
        {
            X509Certificate2Collection roots = Roots(pem);
            options.RemoteCertificateValidationCallback = (_, shown, chain, errors) => IsTrusted(roots, shown, chain, errors);
        }

        if (certificate is not null) options.ClientCertificateContext = SslStreamCertificateContext.Create(Usable(certificate), null, offline: true);
        else if (configuration is { ClientCertificate: { } chainPem, ClientKey: { } key }) options.ClientCertificateContext = Pair(chainPem, key);
        return options;
    }

    private static X509Certificate2Collection Roots(string pem)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new FormatException($"The certificate authority cannot be read: {e.Message}", e);
        }

        return roots.Count > 0 ? roots : throw new FormatException("The certificate authority holds no certificate in PEM form.");
    }

    private static SslStreamCertificateContext Pair(string chainPem, Secret key)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(chainPem);
            using X509Certificate2 leaf = X509Certificate2.CreateFromPem(chainPem, key.Reveal());
            var others = new X509Certificate2Collection(chain.Skip(1).ToArray());
            return SslStreamCertificateContext.Create(Usable(leaf), others, offline: true);
        }
        catch (CryptographicException e)
        {
            throw new FormatException($"The client certificate and its key cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Keys that exist only in memory are of no use to the TLS of Windows: they must pass through PKCS #12.</summary>
    private static X509Certificate2 Usable(X509Certificate2 pair)
        => X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);

    private static bool IsTrusted(X509Certificate2Collection roots, X509Certificate? shown, X509Chain? sent, SslPolicyErrors errors)
    {
        if (shown is not X509Certificate2 certificate) return false;
        if ((errors & (SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateNotAvailable)) != SslPolicyErrors.None) return false;

        // One by one: while an authority is renewed, a bundle holds two of one name, and a chain is built to the first that fits by name.
        return roots.Any(root => LeadsTo(root, roots, certificate, sent));
    }

    private static bool LeadsTo(X509Certificate2 root, X509Certificate2Collection bundle, X509Certificate2 certificate, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(bundle.Where(c => c.Subject != root.Subject).ToArray());
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1")); // server authentication
        if (sent is not null)
            foreach (X509ChainElement element in sent.ChainElements) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        if (chain.Build(certificate)) return true;

        // A trusted certificate need not be self-signed: a bundle may hold an intermediate, or the server's own certificate.
        return chain.ChainElements.Count > 0
            && chain.ChainStatus.All(s => s.Status is X509ChainStatusFlags.PartialChain)
            && chain.ChainElements[^1].Certificate.RawDataMemory.Span.SequenceEqual(root.RawDataMemory.Span);
    }
}
