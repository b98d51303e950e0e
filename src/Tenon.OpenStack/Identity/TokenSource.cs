using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Identity;

/// <summary>A token with what it is good for.</summary>
/// <param name="Token">The token.</param>
/// <param name="Identity">Who it makes us, and the catalog.</param>
/// <param name="ObtainedAt">Our clock's timestamp when it was asked for.</param>
/// <param name="Lifetime">How long it lives, by the difference of Keystone's own times.</param>
internal sealed record AccessGrant(Secret Token, AuthenticatedIdentity Identity, long ObtainedAt, TimeSpan Lifetime);

/// <summary>
/// Gets and renews the token, once for all callers. Before a token's end it is renewed beside the calls, which go on with
/// the old one; after its end, or when a service refuses it, all callers wait for the same new one. Lifetimes are
/// differences of times of one clock each, so that ours may be wrong.
/// </summary>
internal sealed partial class TokenSource(CloudCredentials credentials, Uri tokensUrl, Transport transport, ILogger logger) : ICallTarget, IDisposable
{
    /// <summary>The name of the call that gets a token.</summary>
    public const string Operation = "identity.tokens.create";

    private static readonly TimeSpan FirstHold = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private AccessGrant? _grant;
    private Task<AccessGrant>? _pending;
    private Refusal? _refusal;

    public CloudCredentials Credentials => credentials;

    private TimeProvider Time => transport.Options.Time;

    /// <summary>The token to use now.</summary>
    /// <exception cref="OpenStackException">Keystone refuses or cannot be reached.</exception>
    public ValueTask<AccessGrant> GetAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task<AccessGrant> pending;
        lock (_gate)
        {
            TimeSpan age = _grant is null ? TimeSpan.Zero : Time.GetElapsedTime(_grant.ObtainedAt);
            if (_grant is not null && age < _grant.Lifetime)
            {
                bool due = age >= _grant.Lifetime * transport.Options.RenewTokenAfter;
                if (due && !IsHeld(out _)) _pending ??= StartUnawaited();
                return new(_grant);
            }

            _grant = null;
            if (_pending is null && IsHeld(out OpenStackException? error)) throw error!;
            pending = _pending ??= StartRenewal();
        }

        return new(pending.WaitAsync(cancellationToken));
    }

    /// <summary>A service refused a token: drops it, unless a newer one is there already.</summary>
    /// <returns>Always <see langword="true"/>: it is worth trying once more.</returns>
    public bool Reject(AccessGrant grant)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_grant, grant))
            {
                _grant = null;
                LogRejected();
            }
        }

        return true;
    }

    ValueTask<CallDestination> ICallTarget.ResolveAsync(ApiCall call, CancellationToken cancellationToken)
        => new(new CallDestination(tokensUrl, null, null));

    bool ICallTarget.Reject(CallDestination destination) => false;

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private bool IsHeld(out OpenStackException? error)
    {
        error = _refusal?.Error;
        return _refusal is { } refusal && Time.GetElapsedTime(refusal.At) < refusal.Hold;
    }

    // The caller holds the gate. The work is nobody's own: a caller that gives up does not end it for the others.
    private Task<AccessGrant> StartRenewal()
    {
        CancellationToken stop = _stop.Token;
        return Task.Run(() => RenewAsync(stop), stop);
    }

    private Task<AccessGrant> StartUnawaited()
    {
        // Its failure is logged and held; that nobody waits for it must not look like an unobserved exception.
        Task<AccessGrant> renewal = StartRenewal();
        _ = renewal.ContinueWith(
            static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return renewal;
    }

    private async Task<AccessGrant> RenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            AccessGrant grant = await AuthenticateAsync(cancellationToken);
            lock (_gate) (_grant, _refusal, _pending) = (grant, null, null);
            LogAuthenticated(grant.Identity.UserName, grant.Identity.ProjectName ?? grant.Identity.DomainId ?? "no scope", grant.Lifetime);
            return grant;
        }
        catch (Exception e)
        {
            lock (_gate)
            {
                _pending = null;
                if (e is OpenStackException error)
                {
                    // Wrong credentials do not become right by asking again at once, and Keystone may lock the user out.
                    TimeSpan hold = _refusal is null ? FirstHold : TimeSpan.FromTicks(Math.Min(_refusal.Hold.Ticks * 2, LongestHold.Ticks));
                    bool refused = !error.IsTransient;
                    bool renewing = _grant is not null;
                    _refusal = refused || renewing ? new(error, Time.GetTimestamp(), hold) : null;
                    LogFailed(error.Kind, error.Message);
                }
            }

            throw;
        }
    }

    private async Task<AccessGrant> AuthenticateAsync(CancellationToken cancellationToken)
    {
        var call = new ApiCall
        {
            Operation = Operation,
            Method = HttpMethod.Post,
            Path = "",
            Body = AuthRequest.Build(credentials),
            Repeatable = true,
        };
        return await transport.ExecuteAsync(ServiceTypes.Identity, call, this, ReadAsync, cancellationToken);
    }

    private async Task<AccessGrant> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        long now = Time.GetTimestamp();
        if (!response.Headers.TryGetValues("X-Subject-Token", out IEnumerable<string>? values) || values.FirstOrDefault() is not { Length: > 0 } token)
        {
            throw new UnreadableAnswerException("Keystone's answer has no X-Subject-Token; is this address Keystone's?");
        }

        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        TokenAnswerWire? answer = await JsonSerializer.DeserializeAsync(stream, IdentityJson.Default.TokenAnswerWire, cancellationToken);
        if (answer?.Token is not { ExpiresAt: { } expires } wire) throw new UnreadableAnswerException("Keystone's answer has no token in it");
        DateTimeOffset issued = wire.IssuedAt ?? response.Headers.Date ?? Time.GetUtcNow();
        return new(new(token), wire.ToIdentity(), now, expires - issued);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Authenticated as {User} for {Scope}; the token lives {Lifetime}")]
    private partial void LogAuthenticated(string user, string scope, TimeSpan lifetime);

    [LoggerMessage(Level = LogLevel.Information, Message = "A service refused the token; authenticating again")]
    private partial void LogRejected();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Authentication failed as {Kind}: {Reason}")]
    private partial void LogFailed(OpenStackErrorKind kind, string reason);

    private sealed record Refusal(OpenStackException Error, long At, TimeSpan Hold);
}
