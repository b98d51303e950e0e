using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tenon.Core;

namespace Tenon.OpenStack.Http;

/// <summary>
/// Sends calls: one attempt with its timeout, the classification of what came back, and the repetition of what is safe to
/// repeat. Every request of this library passes here.
/// </summary>
internal sealed partial class Transport(CloudCredentials credentials, Uri tokensUrl, CloudClientOptions options, ILogger logger) : IDisposable
{
    private const int MaxErrorBody = 16 * 1024;
    private readonly Lock _gate = new();
    private readonly Redactor _redactor = new(credentials);
    private FileBacked<TlsMaterial>? _tls;
    private TlsMaterial? _material;
    private HttpClient? _client;
    private bool _disposed;

    /// <summary>Reads a successful answer.</summary>
    public delegate Task<T> Reader<T>(HttpResponseMessage response, CancellationToken cancellationToken);

    public CloudClientOptions Options => options;

    /// <summary>Carries a call out, repeating it while that is safe and the policy allows.</summary>
    /// <exception cref="OpenStackException">The call failed.</exception>
    public async Task<T> ExecuteAsync<T>(string service, ApiCall call, ICallTarget target, Reader<T> read, CancellationToken cancellationToken)
    {
        bool renewed = false;
        for (int attempt = 1; ; attempt++)
        {
            CallDestination destination = await target.ResolveAsync(call, cancellationToken);
            (Attempt<T>? success, Failure? failure) = await AttemptAsync(service, call, destination, read, attempt, cancellationToken);
            if (success is not null) return success.Value;
            OpenStackException error = failure!.Error;
            if (error.Kind == OpenStackErrorKind.Unauthorized && !renewed && target.Reject(destination))
            {
                // The service looked at the token before anything else, so nothing was done: any method may go again.
                renewed = true;
                attempt--;
                continue;
            }

            if (failure.WaitBefore(call, attempt, options.Retry) is not { } wait) throw error;
            LogRepeat(call.Operation, attempt, error.Kind, wait);
            await Task.Delay(wait, options.Time, cancellationToken);
        }
    }

    public void Dispose()
    {
        HttpClient? client;
        lock (_gate)
        {
            _disposed = true;
            client = _client;
        }

        client?.Dispose();
    }

    private HttpClient GetClient()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(CloudClient));
            _tls ??= TlsHandlerFactory.Watch(credentials.Tls, options.Time, e => LogStaleCertificates(e.Message));
            TlsMaterial material = _tls.Get();
            if (_client is not null && ReferenceEquals(_material, material)) return _client;

            // After a renewal, calls that are under way end on the old connections, which then idle until they are closed.
            _material = material;
            HttpMessageHandler handler = TlsHandlerFactory.Create(credentials.Tls, material, options);
            if (options.ReadOnly) handler = new ReadOnlyHandler(tokensUrl, handler);
            return _client = new(handler, disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
        }
    }

    /// <summary>A handshake failed: a certificate may have been renewed since its file was read.</summary>
    private void ExpireCertificates()
    {
        lock (_gate) _tls?.Expire();
    }

    private async Task<(Attempt<T>? Success, Failure? Failure)> AttemptAsync<T>(
        string service, ApiCall call, CallDestination destination, Reader<T> read, int attempt, CancellationToken cancellationToken)
    {
        HttpClient client = GetClient();
        using HttpRequestMessage request = BuildRequest(service, call, destination);
        using var timeout = new CancellationTokenSource(options.AttemptTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        long start = options.Time.GetTimestamp();
        HttpStatusCode? status = null;
        string? requestId = null;
        try
        {
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            status = response.StatusCode;
            requestId = RequestIdOf(response);
            bool success = response.IsSuccessStatusCode || (call.AtRoot && status == HttpStatusCode.MultipleChoices);
            if (success) return (new(await read(response, either.Token)), null);
            return (null, await ReadFailureAsync(service, call, response, destination.Token, requestId, either.Token));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && Understand(e, timeout.IsCancellationRequested) is { } what)
        {
            if (what.Kind == OpenStackErrorKind.Tls) ExpireCertificates();
            // A parser quotes what it cannot read, and that may hold anything: its exception goes no further.
            string message = _redactor.Clean(what.Message, destination.Token);
            return (null, new(new(what.Kind, service, call.Operation, what.AnswerIsBad ? status : null, null, message, requestId, what.AnswerIsBad ? null : e), what.Repeat));
        }
        finally
        {
            Report(new(service, call.Operation, call.Method.Method, (int?)status, options.Time.GetElapsedTime(start), attempt, requestId));
        }
    }

    private HttpRequestMessage BuildRequest(string service, ApiCall call, CallDestination destination)
    {
        var request = new HttpRequestMessage(call.Method, destination.Url);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.TryAddWithoutValidation("User-Agent", options.UserAgent);
        if (destination.Token is { } token) request.Headers.TryAddWithoutValidation("X-Auth-Token", token.Reveal());
        if (call.Revision is { } revision) request.Headers.TryAddWithoutValidation("If-Match", $"revision_number={revision}");
        if (call.Microversion is { } version)
        {
            request.Headers.TryAddWithoutValidation("OpenStack-API-Version", $"{service} {version}");
            if (service == ServiceTypes.Compute) request.Headers.TryAddWithoutValidation("X-OpenStack-Nova-API-Version", version.ToString());
        }

        if (call.Body is { } body)
        {
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.ContentType = new("application/json");
        }

        return request;
    }

    private async Task<Failure> ReadFailureAsync(
        string service, ApiCall call, HttpResponseMessage response, Secret? token, string? requestId, CancellationToken cancellationToken)
    {
        HttpStatusCode status = response.StatusCode;
        TimeSpan? retryAfter = RetryAfterOf(response);
        ServiceError error = ServiceError.Parse(status, await ReadStartAsync(response, cancellationToken));
        if ((int)status is >= 300 and < 400)
        {
            error = new(null, $"the service redirects to {response.Headers.Location?.GetLeftPart(UriPartial.Path)}; the catalog should name that address");
        }

        OpenStackErrorKind kind = ErrorClassifier.Classify(service, call.Operation, status, error, retryAfter is not null);
        var exception = new OpenStackException(kind, service, call.Operation, status, error.Code, _redactor.Clean(error.Message, token), requestId)
        {
            RetryAfter = retryAfter,
        };
        return new(exception, Failure.RepeatAfter(status, kind, retryAfter));
    }

    private static async Task<string> ReadStartAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        byte[] buffer = new byte[MaxErrorBody];
        int length = await stream.ReadAtLeastAsync(buffer, MaxErrorBody, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response)
    {
        RetryConditionHeaderValue? value = response.Headers.RetryAfter;
        if (value?.Delta is { } delta) return delta;

        // A date is by the server's clock, so it is compared with the server's date where there is one.
        return value?.Date is { } date ? Max(TimeSpan.Zero, date - (response.Headers.Date ?? options.Time.GetUtcNow())) : null;
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static string? RequestIdOf(HttpResponseMessage response)
        => response.Headers.TryGetValues("x-openstack-request-id", out IEnumerable<string>? ids)
            || response.Headers.TryGetValues("x-compute-request-id", out ids)
            ? ids.FirstOrDefault()
            : null;

    /// <summary>What an exception of the transport means, or <see langword="null"/> when it is not the transport's.</summary>
    private Trouble? Understand(Exception e, bool timedOut) => e switch
    {
        OperationCanceledException when timedOut
            => new(OpenStackErrorKind.Timeout, $"no answer within {options.AttemptTimeout.TotalSeconds:0.#} s", Repeat.Never),
        OperationCanceledException { InnerException: TimeoutException }
            => new(OpenStackErrorKind.Unavailable, $"no connection within {options.ConnectTimeout.TotalSeconds:0.#} s", Repeat.Always),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } when e.InnerException is AuthenticationException auth
            => new(OpenStackErrorKind.Tls, $"TLS failed: {auth.Message}", Repeat.Never),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.ProxyTunnelError }
            => new(OpenStackErrorKind.Unavailable, $"cannot connect: {e.Message}", Repeat.Always),
        HttpRequestException or IOException
            => new(OpenStackErrorKind.Unavailable, $"the connection broke: {e.Message}", Repeat.IfHarmless),
        JsonException => new(OpenStackErrorKind.Internal, $"the answer is not what the API describes: {e.Message}", Repeat.Never, AnswerIsBad: true),
        UnreadableAnswerException => new(OpenStackErrorKind.Internal, e.Message, Repeat.Never, AnswerIsBad: true),
        _ => null,
    };

    private void Report(CloudCall call)
    {
        Telemetry.Record(call);
        LogCall(call.Operation, call.Status, call.Duration.TotalMilliseconds, call.RequestId);
        options.Observer?.Invoke(call);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A renewed certificate cannot be used, so the one before is kept: {Reason}")]
    private partial void LogStaleCertificates(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Operation}: {Status} in {Milliseconds:0.0} ms ({RequestId})")]
    private partial void LogCall(string operation, int? status, double milliseconds, string? requestId);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Operation}: attempt {Attempt} ended as {Kind}; again in {Wait}")]
    private partial void LogRepeat(string operation, int attempt, OpenStackErrorKind kind, TimeSpan wait);

    private sealed record Attempt<T>(T Value);

    private sealed record Trouble(OpenStackErrorKind Kind, string Message, Repeat Repeat, bool AnswerIsBad = false);
}

/// <summary>An answer with a good status that lacks what the API promises.</summary>
internal sealed class UnreadableAnswerException(string message) : Exception(message);
