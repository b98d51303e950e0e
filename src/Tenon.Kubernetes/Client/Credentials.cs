using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tenon.Kubernetes.Client;

/// <summary>What a request carries to prove who we are.</summary>
/// <param name="Header">The Authorization header, if any.</param>
/// <param name="Certificate">A client certificate with its key, if the credential brings one.</param>
internal sealed record Proof(AuthenticationHeaderValue? Header, X509Certificate2? Certificate)
{
    public static readonly Proof Nothing = new(null, null);

    public static Proof Bearer(string token) => new(new AuthenticationHeaderValue("Bearer", token), null);

    public override string ToString() => "Proof { *** }";
}

/// <summary>Where proofs come from. <see cref="Refused"/> is told when the server answered 401 to one.</summary>
internal abstract class CredentialSource
{
    public static CredentialSource For(KubernetesConfiguration configuration, TimeProvider time) => configuration.Credential switch
    {
        KubernetesCredential.Token token => new Fixed(Proof.Bearer(token.Value.Reveal())),
        KubernetesCredential.TokenFile file => new TokenFileSource(file.Path, time),
        KubernetesCredential.Basic basic => new Fixed(new Proof(
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{basic.User}:{basic.Password.Reveal()}"))), null)),
        KubernetesCredential.Exec exec => new ExecSource(exec, configuration, time),
        _ => new Fixed(Proof.Nothing),
    };

    /// <summary>The present proof.</summary>
    public abstract ValueTask<Proof> GetAsync(CancellationToken cancellationToken);

    /// <summary>Says that a proof was refused; returns whether the next one may be different.</summary>
    public abstract bool Refused(Proof proof);

    private sealed class Fixed(Proof proof) : CredentialSource
    {
        public override ValueTask<Proof> GetAsync(CancellationToken cancellationToken) => ValueTask.FromResult(proof);

        public override bool Refused(Proof proof) => false;
    }
}

/// <summary>A token in a file that somebody else renews; read again every minute, and when it is refused.</summary>
internal sealed class TokenFileSource(string path, TimeProvider time) : CredentialSource
{
    private static readonly TimeSpan s_period = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private Proof? _proof;
    private long _readAt;

    public override async ValueTask<Proof> GetAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            if (_proof is { } known && time.GetElapsedTime(_readAt) < s_period) return known;

        string token;
        try
        {
            token = (await File.ReadAllTextAsync(path, cancellationToken)).Trim();
            if (token.Length == 0) throw new IOException("it is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A token that was good a minute ago is better than none; without one there is nothing to send.
            lock (_gate)
                if (_proof is { } last) return last;
            throw new KubernetesException("credentials", KubernetesFailure.Unauthorized, $"the token file {path} cannot be read: {e.Message}", e);
        }

        lock (_gate)
        {
            if (_proof?.Header?.Parameter != token) _proof = Proof.Bearer(token);
            _readAt = time.GetTimestamp();
            return _proof;
        }
    }

    public override bool Refused(Proof proof)
    {
        lock (_gate) _readAt = time.GetTimestamp() - (long)(s_period.TotalSeconds * time.TimestampFrequency);
        return true;
    }
}
