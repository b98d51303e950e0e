using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tenon.Kubernetes.Client;

/// <summary>The certificates of a configuration, ready to be used.</summary>
/// <param name="Roots">Who signs the server's certificate; <see langword="null"/> trusts the system's.</param>
/// <param name="Client">What we show; <see langword="null"/> for nothing.</param>
internal sealed record TlsMaterial(X509Certificate2Collection? Roots, SslStreamCertificateContext? Client);

/// <summary>How the server's certificate is checked and ours is shown.</summary>
internal static class Tls
{
    private static readonly TimeSpan s_period = TimeSpan.FromMinutes(1);

    /// <summary>The configuration's certificates, made anew when their files change.</summary>
    public static FileBacked<TlsMaterial> Material(KubernetesConfiguration configuration, TimeProvider time, Action<Exception> stale)
    {
        CertificateFiles files = configuration.Files;
        string?[] given = [files.Authority, files.Certificate, files.Key];
        return new FileBacked<TlsMaterial>([.. given.OfType<string>()], Make, s_period, time, stale);

        TlsMaterial Make(IReadOnlyList<byte[]> contents)
        {
            var texts = new Queue<string>(contents.Select(Encoding.UTF8.GetString));
            string? authority = files.Authority is null ? configuration.CertificateAuthority : texts.Dequeue();
            string? certificate = files.Certificate is null ? configuration.ClientCertificate : texts.Dequeue();
            Secret? key = files.Key is null ? configuration.ClientKey : new Secret(texts.Dequeue());
            return new TlsMaterial(authority is null ? null : Roots(authority), certificate is null || key is null ? null : Pair(certificate, key));
        }
    }

    public static SslClientAuthenticationOptions Options(KubernetesConfiguration configuration, TlsMaterial material, X509Certificate2? certificate)
    {
        var options = new SslClientAuthenticationOptions { CertificateRevocationCheckMode = X509RevocationMode.NoCheck };
        if (configuration.InsecureSkipTlsVerify)
        {
#pragma warning disable CA5359 // insecure-skip-tls-verify asks for exactly this
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (material.Roots is { } roots)
        {
            options.RemoteCertificateValidationCallback = (_, shown, chain, errors) => IsTrusted(roots, shown, chain, errors);
        }

        options.ClientCertificateContext = certificate is not null ? SslStreamCertificateContext.Create(Usable(certificate), null, offline: true) : material.Client;
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
