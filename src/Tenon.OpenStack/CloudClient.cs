using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Http;
using Tenon.OpenStack.Identity;
using Tenon.OpenStack.Images;
using Tenon.OpenStack.KeyManager;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.OpenStack;

/// <summary>
/// A cloud, through one set of credentials. Makes the clients of its services, which share the token, the connections and
/// the rules of repetition. Nothing is read or sent until the first call. Safe for any number of concurrent callers.
/// </summary>
public sealed class CloudClient : IAsyncDisposable
{
    private readonly Transport _transport;
    private readonly TokenSource _tokens;
    private readonly ConcurrentDictionary<string, ComputeClient> _compute = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, NetworkingClient> _networking = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, LoadBalancingClient> _loadBalancing = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ImageClient> _images = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, KeyManagerClient> _keyManager = new(StringComparer.Ordinal);

    /// <summary>Stores what it is given.</summary>
    /// <param name="credentials">Who we are and where the cloud is.</param>
    /// <param name="options">How to behave; <see langword="null"/> for the defaults.</param>
    /// <param name="loggers">Where to log; <see langword="null"/> for nowhere.</param>
    public CloudClient(CloudCredentials credentials, CloudClientOptions? options = null, ILoggerFactory? loggers = null)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        ILogger logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger("Tenon.OpenStack");
        Credentials = credentials;
        var tokensUrl = new Uri(ServiceRoot.Of(ServiceTypes.Identity, credentials.AuthUrl.GetComponents(
            UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)).Base + "auth/tokens");
        _transport = new(credentials, tokensUrl, options ?? new(), logger);
        _tokens = new(credentials, tokensUrl, _transport, logger);
        Identity = new(_tokens, Channel(ServiceTypes.Identity, null));
    }

    /// <summary>What the client was made with.</summary>
    public CloudCredentials Credentials { get; }

    /// <summary>Keystone.</summary>
    public IdentityClient Identity { get; }

    /// <summary>Nova in a region; <see langword="null"/> is the credentials' own.</summary>
    public ComputeClient Compute(string? region = null) => _compute.GetOrAdd(region ?? "", _ => new(Channel(ServiceTypes.Compute, region)));

    /// <summary>Neutron in a region; <see langword="null"/> is the credentials' own.</summary>
    public NetworkingClient Networking(string? region = null) => _networking.GetOrAdd(region ?? "", _ => new(Channel(ServiceTypes.Network, region)));

    /// <summary>Octavia in a region; <see langword="null"/> is the credentials' own.</summary>
    public LoadBalancingClient LoadBalancing(string? region = null) => _loadBalancing.GetOrAdd(region ?? "", _ => new(Channel(ServiceTypes.LoadBalancer, region)));

    /// <summary>Glance in a region; <see langword="null"/> is the credentials' own.</summary>
    public ImageClient Images(string? region = null) => _images.GetOrAdd(region ?? "", _ => new(Channel(ServiceTypes.Image, region)));

    /// <summary>Barbican in a region; <see langword="null"/> is the credentials' own.</summary>
    public KeyManagerClient KeyManager(string? region = null) => _keyManager.GetOrAdd(region ?? "", _ => new(Channel(ServiceTypes.KeyManager, region)));

    /// <summary>Closes the connections. Calls in flight fail.</summary>
    public ValueTask DisposeAsync()
    {
        _tokens.Dispose();
        _transport.Dispose();
        return ValueTask.CompletedTask;
    }

    private ServiceChannel Channel(string serviceType, string? region) => new(serviceType, region, _transport, _tokens);
}
