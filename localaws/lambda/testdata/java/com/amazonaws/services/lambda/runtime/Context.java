package com.amazonaws.services.lambda.runtime;
public interface Context { String getAwsRequestId(); String getFunctionName(); int getRemainingTimeInMillis(); int getMemoryLimitInMB(); LambdaLogger getLogger(); }
