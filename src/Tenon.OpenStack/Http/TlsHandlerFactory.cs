using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tenon.Core;

namespace Tenon.OpenStack.Http;

/// <summary>The certificates of <see cref="TlsSettings"/>, read and ready to be used.</summary>
/// <param name="Anchors">Who is trusted; <see langword="null"/> trusts the system's authorities.</param>
/// <param name="Client">What we show; <see langword="null"/> for nothing.</param>
internal sealed record TlsMaterial(X509Certificate2Collection? Anchors, SslStreamCertificateContext? Client);

/// <summary>Makes the handler that speaks to the cloud, with its TLS settings.</summary>
internal static class TlsHandlerFactory
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    /// <summary>The certificates, made anew when their files change.</summary>
    /// <param name="tls">Where they are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stale">Is told why a renewed file is not used.</param>
    /// <exception cref="OpenStackException">A file cannot be read or used; kind <see cref="OpenStackErrorKind.Tls"/>.</exception>
    public static FileBacked<TlsMaterial> Watch(TlsSettings tls, TimeProvider time, Action<Exception>? stale = null)
    {
        // The contents only tell that something changed: the files are read by name, so that a message names the one at fault.
        string?[] files = [tls.Insecure ? null : tls.CaFile, tls.ClientCertificateFile, tls.ClientKeyFile];
        TlsMaterial Read() => new(
            tls.CaFile is { } caFile && !tls.Insecure ? ReadAnchors(caFile) : null,
            tls.ClientCertificateFile is { } certificateFile ? ReadClientCertificate(certificateFile, tls.ClientKeyFile) : null);
        _ = Read();
        return new FileBacked<TlsMaterial>([.. files.OfType<string>()], _ => Read(), Period, time, stale);
    }

    /// <summary>Reads the certificate files and makes the handler.</summary>
    /// <exception cref="OpenStackException">A file cannot be read or used; kind <see cref="OpenStackErrorKind.Tls"/>.</exception>
    public static SocketsHttpHandler Create(TlsSettings tls, CloudClientOptions options) => Create(tls, Watch(tls, options.Time).Get(), options);

    /// <summary>Makes the handler with certificates that were read.</summary>
    public static SocketsHttpHandler Create(TlsSettings tls, TlsMaterial material, CloudClientOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = options.ConnectTimeout,
            MaxConnectionsPerServer = options.MaxConnectionsPerServer,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(50),
            UseCookies = false,
            ActivityHeadersPropagator = null,
        };
        if (tls.Insecure)
        {
            // The user asked for it (tls-insecure, verify: false); the composition warns about it.
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => tls.Insecure;
        }
        else if (material.Anchors is { } anchors)
        {
            handler.SslOptions.RemoteCertificateValidationCallback =
                (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors, anchors);
        }

        handler.SslOptions.ClientCertificateContext = material.Client;
        return handler;
    }

    private static bool IsTrusted(
        X509Certificate? certificate, X509Chain? received, SslPolicyErrors errors, X509Certificate2Collection anchors)
    {
        if (certificate is not X509Certificate2 leaf || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(anchors);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;

        // As OpenSSL's partial chains and Go do: any certificate in the file is an anchor, also an intermediate's.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        chain.ChainPolicy.ExtraStore.AddRange(anchors);
        if (received is not null) chain.ChainPolicy.ExtraStore.AddRange(received.ChainElements.Select(e => e.Certificate).ToArray());
        if (received is not null) chain.ChainPolicy.ExtraStore.AddRange(received.ChainPolicy.ExtraStore);
        return chain.Build(leaf) && chain.ChainElements.Any(e => anchors.Any(a => a.RawDataMemory.Span.SequenceEqual(e.Certificate.RawDataMemory.Span)));
    }

    private static X509Certificate2Collection ReadAnchors(string file)
    {
        var anchors = new X509Certificate2Collection();
        Read("CA", file, () => anchors.ImportFromPemFile(file));
        if (anchors.Count == 0) throw Unusable("CA", file, "it holds no PEM certificate", null);
        return anchors;
    }

    private static SslStreamCertificateContext ReadClientCertificate(string certificateFile, string? keyFile)
    {
        var chain = new X509Certificate2Collection();
        X509Certificate2 leaf = null!;
        Read("client certificate", certificateFile, () => chain.ImportFromPemFile(certificateFile));
        Read("client key", keyFile ?? certificateFile, () => leaf = X509Certificate2.CreateFromPemFile(certificateFile, keyFile));
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    private static void Read(string what, string file, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw Unusable(what, file, e.Message, e);
        }
    }

    private static OpenStackException Unusable(string what, string file, string why, Exception? inner)
        => new(OpenStackErrorKind.Tls, ServiceTypes.Identity, "identity.tls", null, null, $"the {what} file {file} cannot be used: {why}", null, inner);
}
