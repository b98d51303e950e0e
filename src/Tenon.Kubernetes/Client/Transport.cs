using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Client;

/// <summary>One request, described so that it can be sent again.</summary>
/// <param name="Verb">What it does, for messages and metrics: get, list, watch, create, …</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">Path and query below the server's address.</param>
/// <param name="Resource">The plural it is about, for metrics.</param>
internal sealed record ApiRequest(string Verb, HttpMethod Method, string Path, string Resource)
{
    public ReadOnlyMemory<byte>? Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>Sends requests: connections, TLS, credentials, rate limit, retries, metrics. Every failure is a <see cref="KubernetesException"/>.</summary>
internal sealed partial class Transport : IDisposable
{
    private static readonly TimeSpan s_maxRetryAfter = TimeSpan.FromSeconds(60);
    private readonly KubernetesConfiguration _configuration;
    private readonly KubernetesClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CredentialSource _credentials;
    private readonly RateLimiter _limiter;
    private readonly Uri _base;
    private readonly Lock _gate = new();
    private readonly FileBacked<TlsMaterial> _tls;
    private HttpMessageInvoker? _http;
    private TlsMaterial? _material;
    private X509Certificate2? _certificate;
    private long _lastContact;

    public Transport(KubernetesConfiguration configuration, KubernetesClientOptions options, TimeProvider time, ILogger logger)
    {
        _configuration = configuration;
        _options = options;
        _time = time;
        _logger = logger;
        _credentials = CredentialSource.For(configuration, time);
        _tls = Tls.Material(configuration, time, e => LogStaleCertificates(e.Message));
        _limiter = new RateLimiter(options.QueriesPerSecond, options.Burst, time);
        string address = configuration.Server.ToString();
        _base = new Uri(address.EndsWith('/') ? address : address + "/");
    }

    public DateTimeOffset? LastContact => Interlocked.Read(ref _lastContact) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>Sends a request and reads its answer, within the time limit, repeating it where that is safe.</summary>
    public async Task<T> SendAsync<T>(
        ApiRequest request, Func<HttpContent, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        bool refreshed = false;
        for (int attempt = 1; ; attempt++)
        {
            Proof? used = null;
            KubernetesException failure;
            using (var limit = new CancellationTokenSource(_options.RequestTimeout, _time))
            using (var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token))
            {
                try
                {
                    used = await ProveAsync(cancellationToken);
                    using HttpResponseMessage response = await SendOnceAsync(request, used, both.Token);
                    return await read(response.Content, both.Token);
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    throw;
                }
                catch (OperationCanceledException e)
                {
                    failure = new KubernetesException(
                        request.ToString(), KubernetesFailure.Timeout, $"no complete answer within {_options.RequestTimeout.TotalSeconds:0.#} s", e);
                }
                catch (KubernetesException e)
                {
                    failure = e;
                }
                catch (Exception e) when (e is IOException or HttpRequestException)
                {
                    failure = new KubernetesException(request.ToString(), KubernetesFailure.Unreachable, Innermost(e), e);
                }
                catch (JsonException e)
                {
                    throw new KubernetesException(request.ToString(), KubernetesFailure.Other, $"the answer cannot be read: {e.Message}", e);
                }
            }

            if (failure.Failure == KubernetesFailure.Unauthorized && used is not null && !refreshed && _credentials.Refused(used))
            {
                refreshed = true;
                continue;
            }

            if (attempt >= _options.MaxAttempts || RetryDelay(request, failure, attempt) is not { } delay) throw failure;
            ClientTelemetry.Retries.Add(1, new("verb", request.Verb), new("cause", failure.Failure.ToString()));
            LogRetry(request.ToString(), failure.Failure, delay.TotalMilliseconds, attempt);
            await Task.Delay(delay, _time, cancellationToken);
        }
    }

    /// <summary>Sends a request whose answer is read as it comes; nothing is repeated but once after a refused credential.</summary>
    public async Task<HttpResponseMessage> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        for (bool refreshed = false; ; refreshed = true)
        {
            Proof used = await ProveAsync(cancellationToken);
            using var limit = new CancellationTokenSource(_options.RequestTimeout, _time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            try
            {
                return await SendOnceAsync(request, used, both.Token);
            }
            catch (KubernetesException e) when (e.Failure == KubernetesFailure.Unauthorized && !refreshed && _credentials.Refused(used))
            {
                continue;
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                throw new KubernetesException(
                    request.ToString(), KubernetesFailure.Timeout, $"no answer within {_options.RequestTimeout.TotalSeconds:0.#} s", e);
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw new KubernetesException(request.ToString(), KubernetesFailure.Unreachable, Innermost(e), e);
            }
        }
    }

    public void Touch() => Interlocked.Exchange(ref _lastContact, _time.GetUtcNow().UtcTicks);

    public void Dispose()
    {
        lock (_gate)
        {
            _http?.Dispose();
            (_credentials as IDisposable)?.Dispose();
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(ApiRequest request, Proof proof, CancellationToken cancellationToken)
    {
        long queued = _time.GetTimestamp();
        await _limiter.WaitAsync(cancellationToken);
        if (_options.QueriesPerSecond > 0) ClientTelemetry.Throttled.Record(_time.GetElapsedTime(queued).TotalSeconds, new KeyValuePair<string, object?>("verb", request.Verb));

        using var message = new HttpRequestMessage(request.Method, new Uri(_base, request.Path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.TryAddWithoutValidation("User-Agent", _options.UserAgent);
        message.Headers.TryAddWithoutValidation("Accept", "application/json");
        message.Headers.Authorization = proof.Header;
        if (_configuration.TlsServerName is { } name) message.Headers.Host = name;
        if (request.Body is { } body)
        {
            message.Content = new ReadOnlyMemoryContent(body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(request.ContentType);
        }

        long sent = _time.GetTimestamp();
        HttpResponseMessage response;
        try
        {
            response = await Http(proof).SendAsync(message, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }) _tls.Expire();
            ClientTelemetry.Requests.Add(1, new("code", "<error>"), new("method", request.Method.Method), new("resource", request.Resource));
            throw;
        }

        Touch();
        int code = (int)response.StatusCode;
        ClientTelemetry.Requests.Add(
            1, new("code", code.ToString(CultureInfo.InvariantCulture)), new("method", request.Method.Method), new("resource", request.Resource));
        ClientTelemetry.Duration.Record(
            _time.GetElapsedTime(sent).TotalSeconds, new("verb", request.Verb), new("resource", request.Resource));
        if (response.IsSuccessStatusCode) return response;
        using (response) throw await FailureAsync(request, response, cancellationToken);
    }

    private static async Task<KubernetesException> FailureAsync(ApiRequest request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        Status? status = null;
        if (body.AsSpan().TrimStart(" \r\n\t"u8).StartsWith("{"u8))
        {
            try
            {
                status = KubernetesJson.Deserialize<Status>(body);
            }
            catch (JsonException)
            {
                // A proxy on the way may answer with JSON of its own; the status code says enough.
            }
        }

        TimeSpan? retryAfter = response.Headers.RetryAfter?.Delta;
        return new KubernetesException(request.ToString(), response.StatusCode, status, retryAfter);
    }

    private static TimeSpan? RetryDelay(ApiRequest request, KubernetesException failure, int attempt)
    {
        bool read = request.Method == HttpMethod.Get;
        bool refused = failure.Failure == KubernetesFailure.TooManyRequests
            || (failure.StatusCode == HttpStatusCode.ServiceUnavailable && failure.RetryAfter is not null);
        bool unsent = failure.InnerException is HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ProxyTunnelError,
        };
        bool broken = read && failure.Failure is KubernetesFailure.Unreachable or KubernetesFailure.Unavailable
            && failure.InnerException is not HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError };
        if (!refused && !unsent && !(read && broken)) return null;
        TimeSpan backoff = TimeSpan.FromMilliseconds(100 * Math.Pow(2, attempt - 1) * (0.75 + (Random.Shared.NextDouble() / 2)));
        TimeSpan delay = failure.RetryAfter is { } wanted && wanted > backoff ? wanted : backoff;
        return delay <= s_maxRetryAfter ? delay : null;
    }

    private async ValueTask<Proof> ProveAsync(CancellationToken cancellationToken) => await _credentials.GetAsync(cancellationToken);

    /// <summary>The connections; new ones when the credential brings another client certificate, or a certificate's file has changed.</summary>
    /// <exception cref="FormatException">The configuration's certificates cannot be used.</exception>
    private HttpMessageInvoker Http(Proof proof)
    {
        lock (_gate)
        {
            TlsMaterial material = _tls.Get();
            if (_http is not null && ReferenceEquals(_certificate, proof.Certificate) && ReferenceEquals(_material, material)) return _http;

            // Watches may still run on the old connections; they end by themselves and idle ones are closed.
            (_certificate, _material) = (proof.Certificate, material);
            return _http = new HttpMessageInvoker(Handler(material, proof.Certificate));
        }
    }

    private SocketsHttpHandler Handler(TlsMaterial material, X509Certificate2? certificate) => new()
    {
        SslOptions = Tls.Options(_configuration, material, certificate),
        ConnectTimeout = _options.ConnectTimeout,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = TimeSpan.FromSeconds(30),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        AutomaticDecompression = DecompressionMethods.GZip,
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = _configuration.Proxy is not null,
        Proxy = _configuration.Proxy is { } proxy ? new WebProxy(proxy) : null,
    };

    private static string Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner) exception = inner;
        return exception.Message;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A renewed certificate of the API server's configuration cannot be used, so the one before is kept: {Reason}")]
    private partial void LogStaleCertificates(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Request} failed ({Failure}); trying again in {DelayMs:0} ms (attempt {Attempt})")]
    private partial void LogRetry(string request, KubernetesFailure failure, double delayMs, int attempt);
}
